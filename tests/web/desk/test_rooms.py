"""What the rooms show and do: numbers that equal their export, cases, orders, mails, shops, stopped work, people."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO
from pathlib import Path

import pytest

from integration.app import build_services, create_app
from integration.db.queries import lists
from integration.db.tables import (
    Account,
    CaseNote,
    ComplaintRow,
    DeskSession,
    HistoryRow,
    MailRow,
    Pause,
    Shop,
    StockLabel,
    Task,
)
from integration.flows import accounts, privacy
from integration.settings import settings_from
from integration.vault import write_key_file
from tests.emails.mail_server import MailDesk
from tests.flows.house import House
from tests.flows.mail_ways import smtp_house
from tests.web.desk.conftest import HTTPS, MIA, OTHER, Desk, complained, order_of, sold_elsewhere


def words(html: str) -> str:
    """The text of a page as somebody reads it."""
    body = re.sub(r"(?s)^.*<main.*?>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def table(desk: Desk, query: str = "") -> dict[str, list[str]]:
    """The export by the name of its lines."""
    text = desk.get(f"/admin/numbers.csv{query}").text.removeprefix("\ufeff")
    return {row[0]: row for row in csv.reader(StringIO(text))}


# -- home ------------------------------------------------------------------------------------------------------


def test_an_empty_desk_says_what_will_appear_and_one_thing_to_do(house: House, desk: Desk) -> None:
    assert "Nada te espera. Cuando llegue un reclamo, lo verás aquí." in desk.get("/admin/").text
    for path, said in {
        "/admin/cases": "Cuando llegue uno, aparece aquí",
        "/admin/cases?which=mine": "No tienes reclamos a tu nombre",
        "/admin/cases?which=closed": "Todavía no se ha cerrado ningún reclamo",
        "/admin/orders": "Cuando la tienda avise del primero",
        "/admin/orders?q=77": "No hay ningún pedido con «77»",
        "/admin/mails": "Después de la primera entrega",
        "/admin/mails?which=waiting": "No hay ningún correo en espera",
        "/admin/mails?which=would": "lo que se habría enviado",
        "/admin/mails?which=stopped": "Ningún correo se detuvo",
        "/admin/stopped": "Nada se detuvo",
    }.items():
        assert said in words(desk.get(path).text), path


def test_before_there_is_a_shop_there_is_one_thing_to_do_and_no_wall_of_dashes(tmp_path: Path) -> None:
    write_key_file(tmp_path / "postventa.key")
    shop = {"from": "Mia <hola@mia.example>", "reply_to": "hola@mia.example"}
    services = build_services(settings_from({"server": {"public_url": HTTPS}, "shop": shop}, tmp_path, {}))
    client = create_app(services).test_client()
    with services.db.writing() as session:
        link = accounts.invite(session, services, "owner")
    client.post(link.removeprefix(HTTPS), data=MIA, base_url=HTTPS)
    page = words(client.get("/admin/", base_url=HTTPS).text)
    services.db.close()
    assert "Conectar una tienda" in page
    assert "Tus cinco números" not in page


def test_what_waits_comes_first_the_urgent_before_the_late(house: House, desk: Desk) -> None:
    complained(house, "service", "Nadie contesta", email="a@example.com")
    house.clock.advance(hours=6)
    complained(house, "danger", "Huele a quemado", email="b@example.com")
    page = words(desk.get("/admin/").text)
    assert page.index("Puede hacer daño a alguien") < page.index("La atención") < page.index("Tus cinco números")
    house.clock.advance(days=20)
    desk.client.post("/admin/login", data=MIA, base_url=HTTPS)
    assert "Fuera de plazo" in words(desk.get("/admin/").text)


def test_a_promised_fix_waits_at_home_also_after_she_answered(house: House, desk: Desk) -> None:
    complained(house, "service", "Nadie contesta")
    [path] = desk.links("/admin/cases", "complaint")
    for form in ({"action": "grant", "fix": "resend"}, {"action": "answer", "text": "Sale mañana"}):
        state = house.rows(ComplaintRow)[0].state
        assert desk.post(path, **form, expected_state=state).status_code == 200
    assert desk.links("/admin/", "complaint") == [path]
    assert "Marcar como arreglado" in words(desk.get(path).text)


def test_she_is_told_what_stands_still_and_what_stopped(house: House, desk: Desk, agent: Desk) -> None:
    house.deliver()
    with house.services.db.writing() as session:
        shop, now = house.shop(session), house.clock.now
        session.add(
            Pause(id="pause_1", shop_id=shop.id, stream="mail", reason="mail_login_refused", since=now, until=now)
        )
        task = next(iter(lists.stopped(session, [shop.id], 1)), None)
        assert task is None
    with house.services.db.writing() as session:
        first = house.rows(Task)[0]
        session.merge(first).state = "dead"
    page = words(desk.get("/admin/").text)
    assert "Mia Moda: los correos están en pausa. El servidor de correo no acepta el usuario o la contraseña." in page
    assert "Una tarea se detuvo" in page
    assert "Una tarea se detuvo" not in words(agent.get("/admin/").text)


def test_the_page_shows_what_the_export_writes(house: House, desk: Desk) -> None:
    for number in range(8):
        house.deliver(email=f"buyer{number}@example.com")
        house.clock.advance(minutes=30)
        house.answer(*[(5, ""), (4, ""), (1, "late"), (2, "damaged")][number % 4])
        house.run()
    house.clock.advance(hours=2)
    for query in ("", "?days=7", f"?shop={house.shop_id}&days=365"):
        page, rows = desk.get(f"/admin/{query}").text, table(desk, query)
        exact = re.findall(r'<data value="([^"]*)">', page)
        shown = ["complaints", "complaints_per_100", *(name for name in rows if name.startswith("cause.")),
                 "first_reply", "first_reply_p90", "acknowledged", "acknowledged_p90", "resolution", "resolution_p90",
                 "first_resolution", "csat", "response_rate", "retention", "retention_resolved",
                 "retention_unresolved", "retention_silent", "codes_used"]  # fmt: skip
        assert exact == [rows[name][2] for name in shown]
    assert rows["complaints"][2:6] == ["4", "count", "4", ""]
    assert rows["complaints_per_100"][2:6] == ["50.0", "per_100", "4", "8"]
    assert rows["csat"][2:8] == ["50.0", "percent", "4", "8", "21.5", "78.5"]
    assert rows["response_rate"][2:6] == ["100.0", "percent", "8", "8"]
    assert rows["first_reply"][2:6] == ["", "hours", "0", "4"]
    assert "4 de 8 (entre 21,5 % y 78,5 %)" in words(page)
    assert "0 de 4 reclamos: muy pocos para una mediana" in words(page)
    assert "intervalo de confianza del 95 % (Wilson)" in page


def test_a_person_s_reply_and_the_last_close_are_timed(house: House, desk: Desk) -> None:
    for number in range(5):
        complained(house, "service", "Nadie contesta", email=f"buyer{number}@example.com")
    house.clock.advance(hours=2)
    for case in house.rows(ComplaintRow):
        assert (
            desk.post(f"/admin/cases/{case.id}", action="answer", expected_state=case.state, text="Hola").status_code
            == 200
        )
    house.run()
    house.clock.advance(hours=8)
    for case in house.rows(ComplaintRow):
        assert desk.post(f"/admin/cases/{case.id}", action="close", expected_state=case.state).status_code == 200
    rows = table(desk)
    assert rows["first_reply"][2:6] == ["2.0", "hours", "5", "5"]
    assert rows["resolution"][2:6] == ["10.0", "hours", "5", "5"]
    assert float(rows["acknowledged"][2]) == 0


def test_who_came_back_within_ninety_days_is_counted_by_what_she_had_told(house: House, desk: Desk) -> None:
    for number in range(10):
        house.deliver(email=f"buyer{number}@example.com")
    house.clock.advance(days=40)
    for number in range(4):
        house.deliver(email=f"buyer{number}@example.com")
    house.clock.advance(days=60)
    desk.client.post("/admin/login", data=MIA, base_url=HTTPS)
    rows = table(desk)
    assert rows["retention"][2:6] == ["40.0", "percent", "4", "10"]
    assert rows["retention_silent"][2:6] == ["40.0", "percent", "4", "10"]
    assert rows["retention_resolved"][2:6] == ["", "percent", "0", "0"]


def test_the_export_takes_a_semicolon_and_runs_nothing(house: House, desk: Desk) -> None:
    from integration.web.dashboard.spreadsheet import download

    first = desk.get("/admin/numbers.csv?separator=;").text.splitlines()[0]
    assert first.startswith("\ufefffigure;name;value;unit")
    with house.app.test_request_context("/admin/numbers.csv"):
        text = download("x.csv", [["=1+1", "+1", "-1", "@x", "\tx", 'a "b", c', -3, None]]).get_data(as_text=True)
    assert text == '\ufeff\'=1+1,\'+1,\'-1,\'@x,\'\tx,"a ""b"", c",-3,\r\n'


# -- cases -----------------------------------------------------------------------------------------------------


def test_a_case_is_taken_noted_answered_and_found_under_mine(house: House, desk: Desk, agent: Desk) -> None:
    complained(house, "service", "Nadie contesta")
    [path] = desk.links("/admin/cases", "complaint")
    ana = next(account for account in house.rows(Account) if account.name == "Ana")
    assert desk.post(path, action="assign", assignee=ana.id).status_code == 200
    assert agent.links("/admin/cases?which=mine", "complaint") == [path]
    assert desk.links("/admin/cases?which=mine", "complaint") == []
    assert "Ana" in words(desk.get("/admin/cases").text)
    assert agent.post(path, action="note", note="Llamé; prefiere un cambio").status_code == 200
    assert "Llamé; prefiere un cambio Ana" in words(desk.get(path).text)
    assert desk.post(path, action="assign", assignee="account_nobody").status_code == 400
    assert desk.post(path, action="note", note=" ").status_code == 400
    assert "Escribe un texto antes de enviarlo." in desk.post(path, action="note", note=" ").text
    state = house.rows(ComplaintRow)[0].state
    assert agent.post(path, action="answer", expected_state=state, text="Hola, Sam").status_code == 200
    house.run()
    assert "Hola, Sam" in house.mails("answer")[0].text
    assert "Llamé" not in "".join(mail.text for mail in house.mails())


def test_a_case_that_moved_keeps_her_words(house: House, desk: Desk) -> None:
    complained(house, "service", "Nadie contesta")
    [path] = desk.links("/admin/cases", "complaint")
    answer = desk.post(path, action="answer", expected_state="received", text="Ya salió el paquete nuevo")
    assert answer.status_code == 409
    assert "El caso cambió mientras lo leías" in answer.text
    assert "Ya salió el paquete nuevo" in answer.text


def test_a_closed_case_moves_to_the_closed_ones(house: House, desk: Desk) -> None:
    complained(house, "service")
    [path] = desk.links("/admin/cases", "complaint")
    state = house.rows(ComplaintRow)[0].state
    assert desk.post(path, action="close", expected_state=state).status_code == 200
    assert desk.links("/admin/cases", "complaint") == []
    assert desk.links("/admin/cases?which=closed", "complaint") == [path]


def test_lists_are_turned_page_by_page(house: House, desk: Desk) -> None:
    for number in range(52):
        complained(house, "service", email=f"buyer{number}@example.com")
    first, second = desk.links("/admin/cases", "complaint"), desk.links("/admin/cases?page=1", "complaint")
    assert (len(first), len(second), set(first) & set(second)) == (50, 2, set())
    assert 'rel="next"' in desk.get("/admin/cases").text
    assert 'rel="prev"' in desk.get("/admin/cases?page=1").text
    for odd in ("-1", "x", "9" * 30, "²"):
        assert desk.get(f"/admin/cases?page={odd}").status_code == 200


def test_a_note_goes_with_the_person_it_is_about(house: House, desk: Desk) -> None:
    ref = complained(house, "service")
    [path] = desk.links("/admin/cases", "complaint")
    desk.post(path, action="note", note="Vive en la calle del Olmo")
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), ref, house.clock.now)
    assert [note.text for note in house.rows(CaseNote)] == [""]


# -- orders and mails ------------------------------------------------------------------------------------------


def test_an_order_is_found_by_number_and_by_address(house: House, desk: Desk) -> None:
    ref = complained(house)
    house.deliver(email="otra@example.com")
    number = order_of(house, ref).number
    for wanted in (number, f"%23{number}", "sam@example.com", "Sam@Example.com"):
        assert len(desk.links(f"/admin/orders?q={wanted}", "order")) == 1, wanted
    assert len(desk.links("/admin/orders", "order")) == 2
    assert desk.links("/admin/orders?q=sam", "order") == []


def test_an_order_tells_its_life(house: House, desk: Desk) -> None:
    complained(house)
    [path] = desk.links("/admin/orders", "order")
    page = words(desk.get(path).text)
    story = ["El pedido consta como entregado", "Etiqueta creada", "Llegó un reclamo", "Código creado en la tienda"]
    places = [page.index(step) for step in story]
    assert places == sorted(places)
    assert "Recordatorio de la encuesta" in page
    assert "Entregado el sábado, 21 de noviembre" in page
    assert "sam@example.com" in page
    assert desk.links(path, "mail")
    assert desk.links(path, "complaint")


def test_an_erased_order_tells_what_happened_and_not_to_whom(house: House, desk: Desk) -> None:
    ref = complained(house)
    [path] = desk.links("/admin/orders", "order")
    mail = desk.links(path, "mail")[0]
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), ref, house.clock.now)
    page = desk.get(path)
    assert page.status_code == 200
    assert "Los datos de esta persona se borraron" in page.text
    assert "sam@example.com" not in page.text
    assert "ya no se puede mostrar" in desk.get(mail).text
    assert desk.get(f"{mail}/html").status_code == 404


def test_a_mail_is_shown_as_it_was_sent(house: House, desk: Desk) -> None:
    house.deliver()
    sent = house.mails("label")[0]
    row = next(row for row in house.rows(MailRow) if row.kind == "label")
    page = desk.get(f"/admin/mails/{row.id}")
    assert unescape(page.text).count(str(sent.message["Subject"])) == 1
    assert next(iter(sent.attachments)) in page.text
    assert desk.get(f"/admin/mails/{row.id}/html").text.split() == sent.html.split()
    assert re.search(r'<iframe class="mail-frame" sandbox="allow-popups"', page.text)


# -- shops -----------------------------------------------------------------------------------------------------


def test_a_shop_is_checked_paused_and_put_live(house: House, desk: Desk) -> None:
    [path] = desk.links("/admin/shops", "shop")
    assert "activa" in words(desk.get("/admin/shops").text)
    page = desk.post(f"{path}/check")
    assert page.status_code == 200
    assert '<span class="tag">bien</span>' in page.text
    answer = desk.post(f"{path}/pause")
    assert (answer.status_code, answer.location) == (303, f"{path}?did=paused")
    assert "En pausa: no sale ningún correo." in desk.get(answer.location).text
    assert house.rows(Shop)[0].state == "paused"
    house.deliver()
    assert house.mails() == []
    assert "está en pausa: no sale ningún correo" in desk.get("/admin/").text
    assert desk.post(f"{path}/live").status_code == 303
    house.run()
    assert "label" in house.kinds()


def test_its_past_is_read_by_one_button_and_shows_how_far_it_is(house: House, desk: Desk) -> None:
    house.clock.advance(hours=1)
    house.side.arrive(house.side.sell())
    [path] = desk.links("/admin/shops", "shop")
    assert "Leer los últimos 60 días" in desk.get(path).text
    assert 'role="progressbar"' not in desk.get(path).text
    assert desk.post(f"{path}/past", go="on").location == f"{path}?did=past_asked"
    page = desk.get(path).text
    assert 'aria-valuenow="0"' in page
    assert "Pausar" in page
    assert desk.post(f"{path}/past", go="pause").location == f"{path}?did=past_paused"
    assert "Seguir" in desk.get(path).text
    desk.post(f"{path}/past", go="on")
    house.run()
    page = desk.get(path).text
    assert 'aria-valuenow="100"' in page
    assert "Listo: 1 pedidos leídos." in words(page)


def test_what_keeps_the_past_from_being_read_is_told(house: House, desk: Desk) -> None:
    [path] = desk.links("/admin/shops", "shop")
    desk.post(f"{path}/past", go="on")
    house.side.stop()
    house.run()
    assert "Espera y lo intenta de nuevo por sí mismo." in desk.get(path).text


def test_a_store_that_is_down_is_told_with_its_remedy(house: House, desk: Desk) -> None:
    [path] = desk.links("/admin/shops", "shop")
    house.side.stop()
    page = desk.post(f"{path}/check").text
    assert '<span class="tag bad">mal</span>' in page
    assert "necesita que la mires" in desk.get("/admin/shops").text
    assert "La última revisión encontró esto" in desk.get(path).text


def test_going_live_says_what_it_means_and_then_does_it(house: House, desk: Desk) -> None:
    with house.services.db.writing() as session:
        house.shop(session).state = "preview"
    house.deliver()
    house.clock.advance(minutes=1)
    [path] = desk.links("/admin/shops", "shop")
    page = words(desk.get(f"{path}/live").text)
    assert "Por ahora ningún correo sale" in page  # they are written into a folder
    assert "Falta tu dirección postal" not in page
    assert "0 correos por entregas pasadas" in page
    assert "menos de 1 correo al día" in page
    assert "Según 1 entrega en los últimos 14 días" in page
    assert "vista previa" in words(desk.get("/admin/").text)
    assert len(desk.links("/admin/mails?which=would", "mail")) == 2
    assert desk.post(f"{path}/live").location == f"{path}?did=live"
    assert house.rows(Shop)[0].live_since == house.clock.now
    house.run()
    assert house.mails() == []


def test_a_live_shop_whose_mails_are_only_kept_as_files_says_so(house: House, desk: Desk, agent: Desk) -> None:
    [path] = desk.links("/admin/shops", "shop")
    for page in (path, "/admin/"):
        assert "Por ahora ningún correo sale" in words(desk.get(page).text)
    means = "Después de cada entrega salen los correos."
    assert means not in words(desk.get(path).text)
    assert "Ningún correo sale: se guardan como archivos." in words(desk.get("/admin/health").text)
    assert "ningún correo sale" not in words(agent.get("/admin/").text).lower()  # she cannot mend it
    with smtp_house(house, MailDesk()):
        for page in (path, "/admin/", "/admin/health"):
            assert "ningún correo sale" not in words(desk.get(page).text).lower()
        assert means in words(desk.get(path).text)


def test_the_line_is_tried_from_the_desk(house: House, desk: Desk) -> None:
    [path] = desk.links("/admin/shops", "shop")
    assert "mia@mia.example" in desk.get(f"{path}/try").text
    page = desk.post(f"{path}/try", order=house.side.sell(), to="mia@mia.example")
    assert page.text.count('<span class="tag">bien</span>') == 7
    assert house.kinds() == ["try_label", "try_survey"]
    assert "Escribe el número de un pedido." in desk.post(f"{path}/try", order=" ", to="mia@mia.example").text
    assert desk.post(f"{path}/try", order="1", to="mia").status_code == 400
    missing = desk.post(f"{path}/try", order="424242", to="mia@mia.example")
    assert "No hay un pedido 424242 en esta tienda." in missing.text


def test_trials_are_few_enough_not_to_be_a_mail_cannon(house: House, desk: Desk) -> None:
    [path] = desk.links("/admin/shops", "shop")
    statuses = [desk.post(f"{path}/try", order="424242", to="mia@mia.example").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


# -- stopped work ----------------------------------------------------------------------------------------------


def stopped(house: House, state: str, kind: str = "SendMail") -> Task:
    """A piece of work that ended so."""
    with house.services.db.writing() as session:
        task = next(one for one in house.rows(Task) if one.kind == kind)
        task = session.merge(task)
        task.state, task.reason, task.done_at = state, "mail_recipient_refused", house.clock.now
        if kind == "SendMail":
            mail = session.get(MailRow, task.subject)
            assert mail
            mail.state = state
    return task


@pytest.mark.parametrize("state", ["dead", "ambiguous"])
def test_stopped_work_is_tried_again(house: House, desk: Desk, state: str) -> None:
    house.deliver()
    task = stopped(house, state)
    sent = len(house.mails())
    house.clock.advance(minutes=1)
    page = words(desk.get("/admin/stopped").text)
    assert "Correo:" in page
    assert ("Puede que sí se haya hecho" in page) is (state == "ambiguous")
    assert desk.post(f"/admin/stopped/{task.id}/retry").location == "/admin/stopped?did=retried"
    house.run()
    assert len(house.mails()) == sent + 1
    assert "Nada se detuvo" in desk.get("/admin/stopped").text
    assert desk.post(f"/admin/stopped/{task.id}/retry").status_code == 409


def test_stopped_work_is_let_go(house: House, desk: Desk) -> None:
    house.deliver()
    task = stopped(house, "dead")
    assert desk.post(f"/admin/stopped/{task.id}/discard").location == "/admin/stopped?did=discarded"
    assert "Ya no se muestra ni se repite." in desk.get("/admin/stopped?did=discarded").text
    assert "Nada se detuvo" in desk.get("/admin/stopped").text
    assert any(line.to_state == "discarded" for line in house.rows(HistoryRow))


def test_a_code_that_was_given_up_is_not_made_after_all(house: House, desk: Desk) -> None:
    complained(house)
    task = stopped(house, "dead", "CreateDiscount")
    with house.services.db.writing() as session:
        from integration.db.queries import complaints

        complaints.code(session, task.shop_id, task.subject).state = "revoked"
    assert "Crear un código en la tienda" in words(desk.get("/admin/stopped").text)
    assert desk.post(f"/admin/stopped/{task.id}/retry").status_code == 409


# -- people ----------------------------------------------------------------------------------------------------


def test_an_owner_invites_by_a_link_that_is_shown_once(house: House, desk: Desk) -> None:
    sold_elsewhere(house, order_of(house, complained(house)))
    shop = next(row.id for row in house.rows(Shop) if row.name == OTHER)
    page = desk.post("/admin/people", action="invite", role="agent", shop=shop).text
    found = re.search(r"https://mia\.example(/admin/welcome/[\w-]+)", page)
    assert found
    assert found[1] not in desk.get("/admin/people").text
    ana = house.app.test_client()
    form = {"name": "Ana", "email": "ana@mia.example", "password": "correct horse battery"}
    assert ana.post(found[1], data=form, base_url=HTTPS).status_code == 303
    assert OTHER in words(desk.get("/admin/people").text)
    assert ana.get(found[1], base_url=HTTPS).status_code == 410
    for wrong in ({"role": "queen"}, {"role": "agent", "shop": "shop_of_eve"}):
        assert desk.post("/admin/people", action="invite", **wrong).status_code == 400


def test_an_owner_shuts_somebody_out_but_not_herself(house: House, desk: Desk, agent: Desk) -> None:
    ana, mia = (next(one.id for one in house.rows(Account) if one.name == name) for name in ("Ana", "Mia"))
    assert desk.post("/admin/people", action="disable", account=ana).location == "/admin/people?did=disabled"
    assert agent.get("/admin/").status_code == 303
    assert "sin acceso" in words(desk.get("/admin/people").text)
    assert desk.post("/admin/people", action="disable", account=mia).status_code == 409
    assert desk.post("/admin/people", action="disable", account="account_nobody").status_code == 404


def test_she_changes_her_account_and_closes_other_sessions(house: House, desk: Desk) -> None:
    house.app.test_client().post("/admin/login", data=MIA, base_url=HTTPS)
    assert "Esta y otras en 2 lugares en total." in words(desk.get("/admin/account").text)
    assert desk.post("/admin/account", action="close_others").location == "/admin/account?did=closed_others"
    assert len(house.rows(DeskSession)) == 1
    assert desk.post("/admin/account", name="Mía", locale="pt_BR").location == "/admin/account?did=changed"
    assert "Salvo." in desk.get("/admin/account?did=changed").text
    wrong = desk.post("/admin/account", name="Mía", locale="es", old="no", password="otra cosa larga")
    assert wrong.status_code == 400
    assert "Sua senha atual não é essa." in wrong.text


def test_a_bought_label_is_not_used_up_by_a_preview(house: House, desk: Desk) -> None:
    assert house.rows(StockLabel) == []
    [path] = desk.links("/admin/shops", "shop")
    assert desk.get(f"{path}?did=<script>").text.count("<script>") == 0
