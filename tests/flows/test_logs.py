"""Everything that people, stores and Eve can write runs through the house with all logging on: none of it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import waitress

from integration import logs
from integration.db.queries import orders
from integration.db.tables import CodeRow, OrderRow
from integration.demo.check import fetch
from integration.domain.errors import Refused
from integration.flows import accounts, mail_building, privacy
from integration.flows import surveys as survey_flow
from integration.settings import Log
from tests import logging_state
from tests.flows.house import House

TEXT = "La caja llegó rota, llamad a Sam Torres al 600 111 222"


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """All that was logged, down to debug, once it is asked for."""
    with logging_state.kept():
        logs.start(Log(level="debug"))
        yield lambda: capsys.readouterr().err


def personal(house: House) -> set[str]:
    """Every value about Sam, every key and every link that this house knows."""
    found = {TEXT, house.secret, house.connection.key, *(code.code for code in house.rows(CodeRow))}
    for row in house.rows(OrderRow):
        order = orders.facts(row)
        found |= {order.email, order.phone, order.first_name, order.customer_ref}
        for address in (order.shipping, order.billing):
            found |= {address.name, address.street, address.street2, address.postcode, address.city}
    for mail in house.mails():
        found |= set(re.findall(r"https://mia\.example/\w+/([\w-]{22})", mail.text))
    return {value for value in found if len(value) > 3}


def line(house: House) -> None:
    """The main line, with Eve at the door."""
    headers, body = house.side.arrive(house.side.sell())
    assert house.post(headers, body + b" ") == 401
    house.deliver()
    house.answer(2, "damaged", TEXT)
    house.complain("service", TEXT)
    lost(house)
    house.run()


def lost(house: House) -> None:
    """Sam asks for her links again."""
    page = f"/find/{house.shop_id}"
    shown = re.search(r'name="shown" value="([^"]+)"', house.client.get(page).text)
    assert shown
    house.clock.advance(seconds=5)
    form = {"number": house.rows(OrderRow)[0].number, "email": "sam@example.com", "shown": shown[1]}
    assert house.client.post(page, data=form).status_code == 200
    house.clock.advance(seconds=60)


def events(text: str) -> list[str]:
    return [json.loads(one)["message"] for one in text.splitlines()]


def test_the_main_line_tells_nothing_about_anybody(house: House, told: Any) -> None:
    line(house)
    text = told()
    assert {"webhook_refused", "code_issued", "links_asked"} <= set(events(text))
    known = personal(house)
    assert {"sam@example.com", house.secret} <= known
    assert len(known) > 10
    assert [value for value in known if value in text] == []


def test_faults_in_every_corner_tell_nothing_about_anybody(
    house: House, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unforeseen(*_: object, **__: object) -> Any:
        raise ValueError(TEXT, "sam@example.com")

    def refused(*_: object, **__: object) -> Any:
        raise Refused("mail_sender_refused", reply=f"550 <sam@example.com> {house.connection.key}")

    house.deliver()
    with monkeypatch.context() as broken:
        broken.setattr(mail_building, "message_of", unforeseen)
        broken.setattr(survey_flow, "page", unforeseen)
        assert house.client.get(house.link("survey", "s")).status_code == 500
        house.answer(2, "damaged", TEXT)
        house.run()
    with monkeypatch.context() as broken:
        broken.setattr(house.services.transport, "send", refused)
        house.clock.advance(hours=1)
        house.run()
    text = told()
    assert "mail_sender_refused" in text
    assert "page shopper.survey" in text
    assert [value for value in personal(house) if value in text] == []


def test_the_web_server_tells_no_link(house: House, told: Any) -> None:
    """What waitress says of a request that fails names its path."""
    house.deliver()
    path = house.link("survey", "s")

    def broken(environ: Any, start_response: Any) -> Any:
        raise ValueError(TEXT)

    server = waitress.create_server(broken, host="127.0.0.1", port=0)
    url = f"http://127.0.0.1:{server.effective_port}{path}?r=2&sam@example.com"
    sam = threading.Thread(target=fetch, args=(url,))
    sam.start()
    while sam.is_alive() or server.active_channels:
        server.asyncore.loop(0.02, map=server._map, count=1)
    server.task_dispatcher.shutdown()
    server.close()
    text = told()
    assert "Exception while serving /s/***" in text
    assert path.removeprefix("/s/") not in text
    assert TEXT not in text


def test_an_erasure_is_a_security_event(house: House, told: Any) -> None:
    ref = house.deliver()
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), ref, house.clock.now)
    assert "erased" in events(told())


def test_who_comes_in_and_who_is_refused_is_a_security_event(house: House, told: Any) -> None:
    form = {"name": "Mia", "email": "mia@mia.example", "password": "correct horse battery"}
    services, client, https = house.services, house.app.test_client(), "https://mia.example"
    link = accounts.setup_link(services)
    client.post(link.removeprefix(https), data=form, base_url=https)
    client.post("/admin/logout", data={}, base_url=https)
    for _ in range(11):
        client.post("/admin/login", data=form | {"password": "wrong horse"}, base_url=https)
    house.clock.advance(hours=2)
    client.post("/admin/login", data=form, base_url=https)
    person = accounts.person(services, accounts.log_in(services, form, "test"))
    assert person
    new = {"name": "Mia", "locale": "es", "old": form["password"], "password": "another horse entirely"}
    accounts.change(services, person, new)
    accounts.log_out(services, person)
    text = told()
    heard = events(text)
    assert {"invitation_used", "desk_refused", "login_failed", "limit_hit", "logged_in", "password_changed",
            "logged_out"} <= set(heard)  # fmt: skip
    assert (heard.count("login_failed"), heard.count("limit_hit")) == (10, 1)
    secrets = ("mia@mia", "horse", link.rpartition("/")[2])
    assert [value for value in secrets if value in text] == []
