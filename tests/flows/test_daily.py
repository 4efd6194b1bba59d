"""The owner's mail of every morning, the alarm for stopped work, and the ping of a dead man's switch."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from connectors.http import Response
from integration.db.tables import MailRow, Pause, Task
from integration.domain.errors import Permanent, Temporary
from integration.domain.facts import Person
from integration.flows import alerts, heartbeat, person_requests
from integration.flows.services import Services
from integration.settings import Alerts
from integration.worker import ticks
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import arrived_untold, look

SEVEN, EIGHT = datetime(2026, 11, 22, 6, 59, tzinfo=UTC), datetime(2026, 11, 22, 7, 0, tzinfo=UTC)  # of Madrid


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


def told(house: House) -> list[Any]:
    """The daily mails that left."""
    ticks.morning(house.services)
    house.run()
    return house.mails("owner_daily")


def test_at_eight_in_the_shop_she_hears_how_the_day_went(house: House) -> None:
    for number in range(7):
        house.deliver(email=f"buyer{number}@example.com")
    house.clock.now = SEVEN
    assert told(house) == []
    house.clock.now = EIGHT
    [mail] = told(house)
    assert mail.message["Subject"] == "Mia Moda: entregas 7, correos 14, en espera 0"
    assert mail.message["To"].addresses[0].addr_spec == "mia@mia.example"
    assert "Nada necesita que lo mires." in mail.text
    assert "https://mia.example/admin/" in mail.text
    assert len(told(house)) == 1


def test_a_day_without_anything_is_told_too_and_the_day_of_connecting_is_not(house: House) -> None:
    assert told(house) == []
    for day in range(1, 4):
        house.clock.now = EIGHT.replace(day=21 + day)
        assert len(told(house)) == day
    assert "entregas 0, correos 0" in house.mails("owner_daily")[-1].message["Subject"]


def test_a_machine_that_slept_tells_later_the_same_day(house: House) -> None:
    house.clock.now = EIGHT.replace(hour=19)
    assert len(told(house)) == 1


def test_everything_that_needs_her_has_one_line(house: House) -> None:
    house.deliver()
    house.complain("service", "Nadie contesta")
    with house.services.db.writing() as session:
        session.add(
            Pause(
                id="pause_1", shop_id=house.shop_id, stream="store", reason="access_refused", since=house.clock.now,
                until=house.clock.now,
            )
        )  # fmt: skip
        house.shop(session).check_failed = '[["store_keys", {}, ""]]'
    house.run()
    house.clock.now = EIGHT.replace(month=12)
    [mail] = told(house)
    lines = [
        "La conexión con la tienda está en pausa", "La última revisión de la conexión encontró algo",
        "Un reclamo pasó de su día prometido", "Un reclamo espera tu decisión",
    ]  # fmt: skip
    places = [mail.text.find(line) for line in lines]
    assert -1 not in places
    assert places == sorted(places)


def test_a_store_that_says_nothing_while_things_change_in_it_is_told(house: House) -> None:
    house.clock.now = EIGHT
    assert "ninguno" not in told(house)[-1].text
    house.clock.advance(hours=3)
    arrived_untold(house)
    look(house)
    house.clock.now = EIGHT.replace(day=23)
    assert "hace más de un día que no nos avisa de ninguno" in told(house)[-1].text
    house.clock.advance(hours=3)
    house.deliver(email="ana@example.com")
    house.clock.now = EIGHT.replace(day=24)
    assert "ninguno" not in told(house)[-1].text


def test_a_late_request_stands_in_the_morning_mail(house: House) -> None:
    with house.services.db.writing() as session:
        shop = house.shop(session)
        person_requests.ask(session, house.services, shop, "erase", Person("sam@example.com"), "store", house.clock.now)
        session.exec(select(Task)).one().due_at += timedelta(days=9)
    house.clock.now = EIGHT.replace(day=23)
    assert "Una solicitud de datos personales lleva más de un día sin terminar." in told(house)[-1].text


def test_the_rest_of_one_cause_comes_together_some_hours_later(house: House) -> None:
    def tell(orders: str) -> None:
        with house.services.db.writing() as session:
            shop, now = house.shop(session), house.clock.now
            alerts.tell_owner(session, house.services, shop, "parcels_silent", now, orders=orders)
        house.run()

    for orders in ("1001", "1001", "1002", "1003, 1002", "1001"):
        tell(orders)
        house.clock.advance(minutes=20)
    assert [mail.text.count("100") for mail in house.mails("owner_notice")] == [1]
    house.clock.advance(hours=4)
    house.run()
    [_, second] = house.mails("owner_notice")
    assert "1002, 1003" in second.text
    assert "1001" not in second.text


def test_alerts_of_one_moment_are_one_mail(house: House) -> None:
    with house.services.db.writing() as session:
        for topic in ("order.created", "order.updated", "order.deleted"):
            shop, now = house.shop(session), house.clock.now
            alerts.tell_owner(session, house.services, shop, "receipt_unreadable", now, topic=topic)
        for left in (5, 3):
            alerts.tell_owner(session, house.services, shop, "labels_left", now, left=left)
    house.run()
    topics, labels = sorted(
        (mail.text for mail in house.mails("owner_notice")), key=lambda text: "order.created" not in text
    )
    assert "order.created, order.updated, order.deleted" in topics
    assert "3" in labels
    assert len(house.mails("owner_notice")) == 2


def test_the_mail_can_be_switched_off(make_house: MakeHouse) -> None:
    house = make_house()
    object.__setattr__(house.services.settings, "alerts", Alerts(daily="off"))
    house.clock.now = EIGHT
    assert told(house) == []


def test_work_that_stops_for_good_is_told_once_a_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    send = type(house.services.transport).send

    def refuse(self: Any, message: Any, *, kind: str, **more: Any) -> None:
        if kind in ("label", "survey"):
            raise Permanent("mail_recipient_refused", reply="550 no such user")
        send(self, message, kind=kind, **more)

    monkeypatch.setattr(type(house.services.transport), "send", refuse)
    house.deliver()
    house.deliver()
    assert house.kinds() == ["owner_notice"]
    assert "Detenidas" in house.mails("owner_notice")[0].text


def test_a_mail_to_her_that_stops_brings_forth_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise Permanent("mail_recipient_refused", reply="550 no such user")

    monkeypatch.setattr(type(house.services.transport), "send", refuse)
    house.clock.now = EIGHT
    told(house)
    assert {row.kind for row in house.rows(MailRow)} == {"owner_daily"}


class Watcher:
    """Stands for HTTP: remembers what was called."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.called = status, list[str]()

    def request(self, method: str, url: str) -> Response:
        self.called.append(f"{method} {url}")
        if self.status == 0:
            raise Temporary("unreachable", host="watch.example")
        return Response(self.status, {}, b"", url)


def watched(house: House, watcher: Watcher, url: str = "https://watch.example/secret-id") -> Services:
    settings = dataclasses.replace(house.services.settings, alerts=Alerts(ping_url=url))
    return dataclasses.replace(house.services, settings=settings, http=watcher)  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "heard"), [(200, True), (500, False), (0, False)])
def test_the_ping_is_called_and_its_address_stays_secret(
    house: House, status: int, heard: bool, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher(status)
    services = watched(house, watcher)
    assert heartbeat.beat(services) is heard
    assert watcher.called == ["GET https://watch.example/secret-id"]
    assert "secret-id" not in caplog.text + repr(services.settings)


def test_without_an_address_nobody_is_called(house: House) -> None:
    watcher = Watcher()
    assert heartbeat.beat(watched(house, watcher, "")) is False
    assert watcher.called == []
