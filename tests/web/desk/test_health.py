"""The health page in plain words: each thing that is wrong is told once, with what to do, and calls nobody (F7)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from connectors.base import ADVICE, Check
from integration import __version__
from integration.db import places
from integration.db.care_tables import Cursor
from integration.db.session import Database
from integration.db.tables import MailRow, OrderRow, Pause, Receipt, Task
from integration.domain.errors import Temporary
from integration.flows import connecting, health
from integration.flows.findings import Finding
from integration.i18n import catalogue
from integration.worker import ticks
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS, MIA, Desk, order_of
from tests.web.desk.test_rooms import words

ROOM = "/admin/health"


def wrong(desk: Desk) -> list[str]:
    """Every line of the page that says that something is wrong, with its remedy."""
    rows = re.findall(r"(?s)<li>\s*<p class=\"line\"><span class=\"tag bad\">.*?</li>", desk.get(ROOM).text)
    return [words(row) for row in rows]


def back(desk: Desk) -> None:
    """She logs in again, after hours or days."""
    desk.client.post("/admin/login", data=MIA, base_url=HTTPS)


def test_it_tells_of_everything_there_is_to_know(house: House, desk: Desk) -> None:
    house.deliver()
    page = words(desk.get(ROOM).text)
    for part in ("Avisos de la tienda", "Correos", "Trabajo pendiente", "El equipo"):
        assert part in page
    assert "el último webhook llegó el 21 de noviembre de 2026, 13:00" in page
    assert "cambios encontrados solo al leer: 0" in page
    assert "Lo que toca se hace a tiempo" in page
    assert re.search(r"Queda libre el \d+ % del disco", page) or "Solo queda libre" in page
    assert f"Postventa {__version__}" in page


def test_a_shop_that_nobody_reads_says_why_in_words(house: House, desk: Desk) -> None:
    house.clock.advance(hours=2)
    back(desk)
    page = words(desk.get(ROOM).text)
    assert "not_running" not in page
    assert "Nadie está trabajando" in page


def test_looking_calls_nobody(house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*_: object, **__: object) -> None:
        raise AssertionError("a page that is only looked at calls nobody")

    monkeypatch.setattr(house.services.http, "request", call)
    assert desk.get(ROOM).status_code == 200


def test_webhooks_that_stopped_coming_are_told_by_what_reading_found(house: House, desk: Desk) -> None:
    house.deliver()
    house.clock.advance(days=2)
    back(desk)
    ticks.reconcile(house.services)
    assert [line for line in wrong(desk) if "webhook" in line and "último día" in line] == []  # nothing was sold
    with house.services.db.writing() as session:
        cursor = session.merge(next(row for row in house.rows(Cursor) if row.stream == "changes"))
        cursor.missed = 7
    [line] = [line for line in wrong(desk) if "al leer se encontraron cambios" in line]
    assert "7" in line
    assert 'postventa reconcile "Mia Moda" --subscribe' in line


def test_a_shop_that_cannot_be_read_is_told(house: House, desk: Desk) -> None:
    house.side.stop()
    house.clock.advance(hours=3)
    ticks.reconcile(house.services)
    assert any("no se ha podido leer en la última hora" in line for line in wrong(desk))


def test_a_stream_that_stands_still_says_why_in_words(house: House, desk: Desk) -> None:
    with house.services.db.writing() as session:
        now = house.clock.now
        session.add(
            Pause(id="p1", shop_id=house.shop_id, stream="mail", reason="mail_login_refused", since=now, until=now)
        )
        session.add(Pause(id="p2", shop_id=house.shop_id, stream="store", reason="bad_answer", since=now, until=now))
    told = " ".join(wrong(desk))
    assert "El servidor de correo no acepta el usuario o la contraseña" in told
    assert "mail_login_refused" not in told


def test_a_connection_that_failed_its_check_is_told_in_words(house: House, desk: Desk) -> None:
    found = [
        Check("store_keys", False, {}),
        Check("something_new", False, {"a": "b"}),
        Check("store_cron", False, {}, ADVICE),
    ]
    connecting.remember(house.services, house.shop_id, found)
    [line] = [line for line in wrong(desk) if "algo no va bien" in line or "La tienda no acepta" in line]
    assert "La tienda no acepta las claves" in line
    assert "something_new" in line
    assert "store_cron" not in line
    assert not set("[]{}") & set(line)
    assert not re.search(r"\.\)?\.", line)
    assert 'En «Tiendas», abre la tienda y pulsa «Revisar ahora»; o postventa shops check "Mia Moda" .' in line


def test_what_is_only_good_to_know_about_a_connection_is_no_trouble(house: House, desk: Desk) -> None:
    connecting.remember(house.services, house.shop_id, [Check("store_cron", False, {}, ADVICE)])
    assert "la tienda responde y permite lo que hace falta" in words(desk.get(ROOM).text)


def test_work_that_is_late_is_told_with_how_late(house: House, desk: Desk) -> None:
    house.deliver()
    with house.services.db.writing() as session:
        task = session.merge(house.rows(Task)[0])
        task.state, task.due_at = "ready", house.clock.now - timedelta(minutes=40)
    [line] = [line for line in wrong(desk) if "desde hace 40 minutos" in line]
    assert "Qué hacer: Comprueba que postventa serve está en marcha" in line


def test_a_full_disk_is_told(house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "free_share", lambda _: 0.02)
    assert any("2 %" in line and "disco" in line for line in wrong(desk))


def test_all_that_is_wrong_is_counted_and_comes_first(house: House, desk: Desk) -> None:
    lines = wrong(desk)
    assert f"{len(lines)} cosas necesitan que las mires" in desk.get(ROOM).text or len(lines) == 1
    assert any("copia" in line for line in lines)  # no back-up was made yet
    for section in re.findall(r"(?s)<section aria-labelledby=\"area-.*?</section>", desk.get(ROOM).text):
        assert "tag bad" not in section.partition('<span class="tag">')[2]


def test_asked_to_she_checks_everything_as_doctor_does(house: House, desk: Desk) -> None:
    page = words(desk.post("/admin/health/now").text)
    assert "Se acaba de preguntar a la tienda y a tu dirección pública." in page
    assert "la tienda responde y permite lo que hace falta" in page
    statuses = [desk.post("/admin/health/now").status_code for _ in range(12)]
    assert statuses == [200] * 11 + [429]


def test_every_check_has_its_place_on_the_page() -> None:
    checks = {key.split(".")[1] for key in catalogue("es") if key.startswith("doctor.")}
    for check in checks:
        assert health.area_of(Finding(check, ok=True, params={"stream": "mail"})) in health.AREAS


def test_strangers_learn_whether_it_is_ready_and_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = house.app.test_client()
    for door in ("/healthz", "/readyz"):
        answer = stranger.get(door)
        assert (answer.status_code, answer.text) == (200, "ok\n")

    def busy(*_: object) -> None:
        raise Temporary("database_busy", why="secret")

    monkeypatch.setattr(Database, "marking", busy)
    assert (stranger.get("/readyz").status_code, stranger.get("/readyz").text) == (503, "not ready\n")
    assert stranger.get("/healthz").status_code == 200


# -- webhooks that nobody could act on (E6) --------------------------------------------------------------------


def odd(house: House, state: str = "unreadable", body: bytes = b'{"email": "sam@example.com", "id": 5}') -> Receipt:
    """A webhook that was set aside."""
    house.deliver()
    with house.services.db.writing() as session:
        row = session.merge(house.rows(Receipt)[-1])
        row.state, row.reason, row.body = state, "bad_payload", body
    return house.rows(Receipt)[-1]


@pytest.mark.parametrize("state", ["unreadable", "failed"])
def test_a_webhook_that_was_set_aside_is_shown_without_people(house: House, desk: Desk, state: str) -> None:
    told = house.deliver() and bytes(house.rows(Receipt)[-1].body)
    odd(house, state, told[:-1])
    page = desk.get("/admin/stopped").text
    assert "Avisos de la tienda sin procesar" in page
    assert "processing" in page or "completed" in page
    order = order_of(house, house.rows(OrderRow)[0].ref)
    people = {
        order.email,
        order.first_name,
        order.shipping.name,
        order.shipping.street,
        order.shipping.city,
        order.phone,
    }
    assert len(people - {""}) >= 5
    assert [value for value in people - {""} if value.encode() in told and value in page] == []
    assert sum(value.encode() in told for value in people - {""}) >= 3


def test_it_is_acted_on_again_and_that_does_nothing_twice(house: House, desk: Desk) -> None:
    body = bytes(house.deliver() and house.rows(Receipt)[-1].body)
    row = odd(house, "failed", body)
    sent = len(house.mails())
    assert desk.post(f"/admin/stopped/receipts/{row.id}/replay").location == "/admin/stopped?did=retried"
    house.run()
    assert next(one.state for one in house.rows(Receipt) if one.id == row.id) in ("done", "ignored")
    assert len(house.mails()) == sent
    assert desk.post(f"/admin/stopped/receipts/{row.id}/replay").status_code == 409


def test_all_of_them_are_acted_on_again_by_one_button(house: House, desk: Desk) -> None:
    for number in range(3):
        house.deliver(email=f"buyer{number}@example.com")
    sent = len(house.mails())
    kept = [row for row in house.rows(Receipt) if row.body][:3]
    with house.services.db.writing() as session:
        for row, body in zip(kept, (kept[0].body, kept[1].body, b""), strict=True):
            found = session.merge(row)
            found.state, found.reason, found.body = "failed", "unexpected", body
    assert "Procesar de nuevo los 2" in desk.get("/admin/stopped").text
    assert desk.post("/admin/stopped/receipts/replay").location == "/admin/stopped?did=retried"
    house.run()
    assert len(house.mails()) == sent
    assert [row.id for row in house.rows(Receipt) if row.state == "failed"] == [kept[2].id]
    assert "Procesar de nuevo los" not in desk.get("/admin/stopped").text


def test_it_is_let_go(house: House, desk: Desk) -> None:
    row = odd(house)
    assert desk.post(f"/admin/stopped/receipts/{row.id}/discard").location == "/admin/stopped?did=discarded"
    assert "Avisos de la tienda sin procesar" not in desk.get("/admin/stopped").text
    assert next(one.reason for one in house.rows(Receipt) if one.id == row.id) == "discarded"


def test_what_is_gone_after_thirty_days_can_only_be_let_go(house: House, desk: Desk) -> None:
    row = odd(house, body=b"")
    page = desk.get("/admin/stopped").text
    assert f"/admin/stopped/receipts/{row.id}/discard" in page
    assert f"/admin/stopped/receipts/{row.id}/replay" not in page
    assert desk.post(f"/admin/stopped/receipts/{row.id}/replay").status_code == 409


def test_after_an_outage_all_that_surely_did_not_happen_is_tried_again_at_once(house: House, desk: Desk) -> None:
    for number in range(3):
        house.deliver(email=f"buyer{number}@example.com")
    sent = len(house.mails())
    mails = [row for row in house.rows(Task) if row.kind == "SendMail"][:3]
    with house.services.db.writing() as session:
        for task, state in zip(mails, ("dead", "dead", "ambiguous"), strict=True):
            row = session.merge(task)
            row.state, row.reason, row.done_at = state, "mail_recipient_refused", house.clock.now
            mail = session.get(MailRow, task.subject)
            assert mail
            mail.state = state
    house.clock.advance(minutes=1)
    assert "Intentar de nuevo los 2" in desk.get("/admin/stopped").text
    assert desk.post("/admin/stopped/retry").location == "/admin/stopped?did=retried"
    house.run()
    assert len(house.mails()) == sent + 2
    assert [task.state for task in house.rows(Task) if task.state in ("dead", "ambiguous")] == ["ambiguous"]
    assert "Intentar de nuevo los" not in desk.get("/admin/stopped").text


def test_a_fresh_service_says_in_words_that_nothing_came_and_nothing_was_kept_yet(house: House, desk: Desk) -> None:
    page = words(desk.get(ROOM).text)
    assert "todavía no llegó ningún webhook" in page
    assert "Todavía no hay ninguna copia de seguridad." in page
    assert " -;" not in page
    assert ": -)" not in page
