"""The database in trouble: told from a row in trouble, of one shop alone where it is, and over when it is over."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from sqlmodel import Session

from integration.db.outages import is_outage, words
from integration.db.queries import outbox
from integration.db.session import Database
from integration.db.tables import MailRow, ShipmentRow, Shop, Task
from integration.demo.sides import WooCommerceSide
from integration.domain.errors import Temporary
from integration.domain.events import Event
from integration.flows import apart, connecting, dispatch, intake, owed, verdicts
from integration.flows.services import Services
from integration.worker import ticks
from tests.conftest import StandingClock
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.test_faults_input import post, told
from tests.flows.test_verdicts import OWN, STORE, as_kind


def of_sqlite(code: int) -> OperationalError:
    error = sqlite3.OperationalError("trouble")
    error.sqlite_errorcode = code
    return OperationalError("UPDATE", {}, error)


def of_postgresql(error: psycopg.Error) -> DBAPIError:
    return DBAPIError.instance("UPDATE", {}, error, psycopg.Error)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (of_sqlite(sqlite3.SQLITE_IOERR_FSYNC), True),
        (of_sqlite(sqlite3.SQLITE_FULL), True),
        (of_sqlite(sqlite3.SQLITE_ERROR), False),
        (of_postgresql(psycopg.OperationalError("connection refused")), True),
        (of_postgresql(errors.LockNotAvailable()), True),
        (of_postgresql(errors.AdminShutdown()), True),
        (of_postgresql(errors.DiskFull()), True),
        (of_postgresql(errors.DeadlockDetected()), True),
        (of_postgresql(errors.TooManyConnections()), True),
        (of_postgresql(errors.QueryCanceled()), True),
        (of_postgresql(errors.ProgramLimitExceeded()), False),
        (of_postgresql(errors.UniqueViolation()), False),
        (InternalError("DELETE", {}, errors.ReadOnlySqlTransaction()), False),
        (OperationalError("DELETE", {}, errors.ReadOnlySqlTransaction()), True),
        (Temporary("database_busy"), True),
        (Temporary("unreachable"), False),
        (KeyError("a bug"), False),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_trouble_of_the_database_is_told_from_trouble_with_a_row(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage


def test_an_error_without_words_is_named() -> None:
    assert words(OperationalError("", {}, psycopg.OperationalError(""))) == "OperationalError"
    assert words(OperationalError("", {}, psycopg.OperationalError("away\nfor good"))) == "away"


def test_a_delivery_that_no_database_takes_is_set_aside(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house()
    odd, handle = [True], intake.handle

    def handling(session: Session, services: Services, shop: Shop, event: Event, *more: Any) -> None:
        if odd:
            odd.clear()
            session.execute(text("SELECT nothing FROM nowhere"))
        handle(session, services, shop, event, *more)

    monkeypatch.setattr(intake, "handle", handling)
    for _ in range(2):
        assert house.post(*house.side.arrive(house.side.sell())) == 200
    house.drain()
    assert sorted(receipt.state for receipt in house.receipts()) == ["done", "failed"]


def test_a_tracking_number_longer_than_an_index_takes_is_kept(make_house: MakeHouse) -> None:
    house = make_house()
    headers, values = told(house)
    number = "".join(f"{n:x}" for n in range(2000))  # PostgreSQL would compress what repeats itself
    parcel = {"tracking_number": number, "tracking_provider": "Correos", "date_shipped": "1760000000"}
    values["meta_data"].append({"id": 1, "key": "_wc_shipment_tracking_items", "value": [parcel]})
    assert post(house, headers, json.dumps(values).encode()) == 200
    house.drain()
    assert [receipt.state for receipt in house.receipts()] == ["done"]
    assert [row.tracking[:200] for row in house.rows(ShipmentRow)] == [number[:200]]


@pytest.fixture
def zoe(beside: House) -> Iterator[tuple[str, Callable[[], None]]]:
    """Another shop of the same installation: its id, and an order of it that arrives."""
    side = WooCommerceSide(beside.clock)
    beside.clock.advance(seconds=1)
    shop, connection, _ = connecting.add(beside.services, dataclasses.replace(side.start(), name="Zoe"), check=True)

    def arrive() -> None:
        headers, body = side.arrive(side.sell())
        path = f"/webhooks/woocommerce/{connection.key}"
        assert beside.client.post(path, headers=dict(headers), data=body).status_code == 200

    yield shop.id, arrive
    side.stop()


@pytest.fixture
def elsewhere(beside: House) -> Iterator[Database]:
    """Another process, which can hold Mia's rows."""
    made = Database(beside.services.db.url)
    yield made
    made.close()


Zoe = tuple[str, Callable[[], None]]


def ask(house: House, kind: str, *shop_ids: str) -> None:
    with house.services.db.writing() as session:
        for number, shop_id in enumerate(shop_ids):
            due_at = house.clock() - timedelta(seconds=60 - number)
            outbox.put_task(session, shop_id, kind, "it", house.clock(), key=f"{kind}:{number}", due_at=due_at)


def states(house: House, kind: str) -> dict[str, set[str]]:
    """Of the tasks of each shop."""
    found: dict[str, set[str]] = {}
    for task in house.rows(Task):
        if task.kind == kind:
            found.setdefault(task.shop_id, set()).add(task.state)
    return found


def test_the_inbox_of_a_shop_whose_rows_are_held_holds_up_no_other(
    beside: House, zoe: Zoe, elsewhere: Database
) -> None:
    shop_id, arrive = zoe
    assert beside.post(*beside.side.arrive(beside.side.sell())) == 200
    arrive()
    with elsewhere.writing(beside.shop_id), pytest.raises(Temporary, match="database_busy"):
        beside.drain()
    assert {receipt.shop_id: receipt.state for receipt in beside.receipts()} == {
        beside.shop_id: "kept",
        shop_id: "done",
    }
    beside.drain()
    assert {receipt.state for receipt in beside.receipts()} == {"done"}


@pytest.mark.parametrize(("kind", "kept"), [(OWN, "ready"), (STORE, "leased")])
def test_tasks_of_a_shop_whose_rows_are_held_hold_up_no_other(
    beside: House, zoe: Zoe, elsewhere: Database, monkeypatch: pytest.MonkeyPatch, kind: str, kept: str
) -> None:
    """What reached the store is not done again: only its word is still to be noted."""
    shop_id, acted = zoe[0], list[str]()

    def act(_services: Services, task: Task) -> verdicts.Write:
        acted.append(task.shop_id)
        return lambda session, now: None

    as_kind(monkeypatch, kind, act)
    ask(beside, kind, beside.shop_id, shop_id, beside.shop_id, shop_id)
    with elsewhere.writing(beside.shop_id), pytest.raises(Temporary, match="database_busy"):
        ticks.act(beside.services, "a:1")
    assert states(beside, kind) == {beside.shop_id: {kept}, shop_id: {"done"}}
    ticks.act(beside.services, "a:1")
    assert states(beside, kind) == {beside.shop_id: {"done"}, shop_id: {"done"}}
    assert acted.count(beside.shop_id) == (4 if kind == OWN else 2)


def test_a_service_starts_while_the_rows_of_a_shop_are_held(beside: House, elsewhere: Database) -> None:
    ask(beside, OWN, beside.shop_id)
    with beside.services.db.marking() as session:
        session.execute(update(Task).values(state="leased", owner="dead:1", lease_until=beside.clock()))
    with elsewhere.writing(beside.shop_id):
        dispatch.free_lapsed(beside.services, lambda owner: owner == "dead:1")
    assert [(task.state, task.owner, task.lapses) for task in beside.rows(Task)] == [("ready", "", 1)]


def test_a_slow_store_of_one_shop_holds_up_no_other(beside: House, zoe: Zoe, monkeypatch: pytest.MonkeyPatch) -> None:
    order = list[str]()

    def act(_services: Services, task: Task) -> None:
        order.append(task.shop_id)
        if task.shop_id == beside.shop_id:
            beside.clock.advance(seconds=25)
            if order.count(beside.shop_id) == 3:  # while it works, another order of Zoe's is there
                ask_late(beside, zoe[0])

    as_kind(monkeypatch, STORE, act)
    ask(beside, STORE, *[beside.shop_id] * 40, zoe[0])
    ticks.act(beside.services, "a:1")
    first, second = (place for place, shop_id in enumerate(order) if shop_id == zoe[0])
    assert (first, second) == (1, 5)  # next to what was due before it
    assert len(order) == 42


def ask_late(house: House, shop_id: str) -> None:
    with house.services.db.writing(shop_id) as session:
        outbox.put_task(session, shop_id, STORE, "it", house.clock(), key="late")


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


def away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing can be written."""

    def busy(*_: str) -> NoReturn:
        raise Temporary("database_busy")

    monkeypatch.setattr(house.services.db, "writing", busy)
    monkeypatch.setattr(house.services.db, "marking", busy)


def test_what_a_mail_server_took_is_noted_when_the_database_is_back_and_leaves_no_second_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    real = house.services.transport.send

    with monkeypatch.context() as during:

        def send(*words: Any, **more: Any) -> Any:
            taken = real(*words, **more)
            away(house, during)
            return taken

        during.setattr(house.services.transport, "send", send)
        with pytest.raises(Temporary, match="database_busy"):
            ticks.act(house.services, "a:1")
    assert len(house.kinds()) == 1
    house.run()
    assert sorted(house.kinds()) == ["label", "survey"]
    assert {mail.state for mail in house.rows(MailRow)} == {"sent"}
    assert {(task.state, task.lapses) for task in house.rows(Task) if task.kind == "SendMail"} == {("done", 0)}


def test_what_could_not_even_be_given_back_is_so_when_the_database_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house, OWN, *[house.shop_id] * 3)
    with monkeypatch.context() as during:
        as_kind(during, OWN, lambda services, task: away(house, during))
        with pytest.raises(Temporary, match="database_busy"):
            ticks.act(house.services, "a:1")
    assert states(house, OWN) == {house.shop_id: {"leased"}}
    as_kind(monkeypatch, OWN, lambda services, task: None)
    ticks.act(house.services, "a:1")
    assert states(house, OWN) == {house.shop_id: {"done"}}
    assert {task.lapses for task in house.rows(Task)} == {0}


def test_what_failed_while_the_database_was_away_is_given_back_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house, OWN, house.shop_id)

    def act(_services: Services, _task: Task) -> NoReturn:
        raise Temporary("unreachable")

    def busy(*_: str) -> NoReturn:
        raise Temporary("database_busy")

    with monkeypatch.context() as during:
        as_kind(during, OWN, act)
        during.setattr(house.services.db, "writing", busy)
        with pytest.raises(Temporary, match="database_busy"):
            ticks.act(house.services, "a:1")
    assert states(house, OWN) == {house.shop_id: {"ready"}}


def test_a_shop_whose_rows_are_held_leaves_no_more_owed_than_it_has_tasks(
    beside: House, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(_services: Services, _task: Task) -> NoReturn:
        raise Temporary("unreachable")

    rung = list[str]()
    services = dataclasses.replace(beside.services, wake=lambda: rung.append("rung"))
    as_kind(monkeypatch, STORE, act)
    ask(beside, STORE, beside.shop_id)
    with elsewhere.writing(beside.shop_id):
        for _ in range(5):
            with pytest.raises(Temporary, match="database_busy"):
                ticks.act(services, "a:1")
            beside.clock.advance(minutes=11)  # its lease is over, and it is claimed anew
    assert len(owed._OWED[services.db]) <= 2  # the newest, and one that does not know yet that it is another's
    assert rung == []  # nobody is told to come back at once
    ticks.act(services, "a:1")
    assert len(owed._OWED[services.db]) == 0
    assert [(task.state, task.attempts, task.reason) for task in beside.rows(Task)] == [("ready", 1, "unreachable")]


def test_what_is_owed_waits_for_nobody_who_was_told_to_leave(
    beside: House, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_kind(monkeypatch, STORE, lambda services, task: lambda session, now: None)
    ask(beside, STORE, beside.shop_id)
    with elsewhere.writing(beside.shop_id), pytest.raises(Temporary, match="database_busy"):
        ticks.act(beside.services, "a:1")
    dispatch.run_all(beside.services, [], "a:1", lambda: False)
    assert states(beside, STORE) == {beside.shop_id: {"leased"}}
    dispatch.run_all(beside.services, [], "a:1")
    assert states(beside, STORE) == {beside.shop_id: {"done"}}


def test_whoever_has_the_whole_installation_is_waited_for_once(beside: House, elsewhere: Database) -> None:
    tried = list[str]()

    def act(shop_id: str) -> int:
        tried.append(shop_id)
        with beside.services.db.writing(shop_id):
            return 1

    with elsewhere.writing(), pytest.raises(Temporary, match="database_busy"):
        apart.each(beside.services, ["mia", "zoe"], act)
    assert tried == ["mia"]


def test_a_long_pass_takes_no_more_than_it_comes_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    as_kind(monkeypatch, STORE, lambda services, task: house.clock.advance(seconds=6))
    ask(house, STORE, *[house.shop_id] * 100)
    assert dispatch.run_due(house.services, "a:1", streams=["store"]) == 1
    assert sum(task.fence for task in house.rows(Task) if task.kind == STORE) == 2 * dispatch.AT_A_TIME


def fill_up(session: Session) -> None:
    """As on a full disk: SQLite ends the whole transaction, with all that was saved within it."""
    session.execute(text("PRAGMA max_page_count = 1"))  # no more than there are
    row = {"id": "a", "door": "a", "who": "x" * 1_000_000, "at": "2026-11-30 00:00:00"}
    session.execute(text("INSERT INTO attempts (id, door, who, at) VALUES (:id, :door, :who, :at)"), row)


@pytest.fixture
def on_a_file(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's shop in an SQLite file."""
    made = House(tmp_path, clock)
    yield made
    made.close()


def test_a_disk_that_is_full_while_tasks_are_claimed_has_none_done(
    on_a_file: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    acted = list[str]()

    def hold(session: Session, *_: Any) -> tuple[None, str]:
        fill_up(session)
        return None, ""

    handler = dispatch.Handler(lambda services, task: acted.append(task.id), hold=hold)
    monkeypatch.setattr(dispatch, "HANDLERS", dispatch.HANDLERS | {OWN: handler})
    ask(on_a_file, OWN, *[on_a_file.shop_id] * 3)
    with pytest.raises(Temporary, match="database_busy"):
        ticks.act(on_a_file.services, "a:1")
    assert acted == []
    assert {(task.state, task.fence) for task in on_a_file.rows(Task)} == {("ready", 0)}


def test_a_disk_that_is_full_while_a_delivery_is_acted_on_keeps_it(
    on_a_file: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "handle", lambda session, *_: fill_up(session))
    assert on_a_file.post(*on_a_file.side.arrive(on_a_file.side.sell())) == 200
    with pytest.raises(Temporary, match="database_busy"):
        on_a_file.drain()
    assert [receipt.state for receipt in on_a_file.receipts()] == ["kept"]
