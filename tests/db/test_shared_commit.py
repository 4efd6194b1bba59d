"""Webhooks share commits: none is lost or kept twice, a bad one fails alone, trouble is told to all and ends."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from integration.db import shared_commit
from integration.db.session import Database
from integration.db.shared_commit import NewReceipt
from integration.db.tables import Connection, Receipt, Shop
from integration.domain.errors import Temporary
from integration.domain.ids import new_id
from tests.conftest import NewDatabase

DAY = timedelta(hours=24)
Told = Callable[..., NewReceipt]


@pytest.fixture
def database(tmp_path: Path, new_database: NewDatabase, now: datetime) -> Iterator[Database]:
    """Two connections with a shop each, once per engine."""
    made = Database(new_database(tmp_path))
    with made.writing() as session:
        for name in ("mia", "eve"):
            session.add(Connection(id=name, key=name, platform="demo", sealed_credentials="", sealed_webhook_secret="",
                                   created_at=now))  # fmt: skip
            session.flush()
            session.add(Shop(id=name, connection_id=name, name=name, address=name, zone="UTC", locale="es",
                             created_at=now))  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def told(now: datetime) -> Told:
    """`told(key, shop, after, window)`: a delivery."""

    def make(
        key: str, shop: str = "mia", after: timedelta = timedelta(), window: timedelta | None = None
    ) -> NewReceipt:
        return NewReceipt(id=new_id("receipt", now), connection_id="eve" if shop == "eve" else "mia", shop_id=shop,
                          delivery_key=key, topic="order.changed", body=b"{}", received_at=now + after,
                          window=window)  # fmt: skip

    return make


def kept(database: Database) -> list[str]:
    """The keys that are in the table, each as often as it is."""
    with database.reading() as session:
        return list(session.exec(select(Receipt.delivery_key).order_by(col(Receipt.delivery_key))))


def test_every_process_writes_the_same_deliveries_in_the_same_order(database: Database, told: Told) -> None:
    written: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _see(_conn: Any, _cursor: Any, words: str, given: Any, *_: Any) -> None:
        if words.startswith("INSERT INTO receipts"):
            rows = given if isinstance(given, list) else [given]
            written.extend(key for row in rows for key in (row.values() if isinstance(row, dict) else row)
                           if key in ("a", "b", "c"))  # fmt: skip

    with database.engine.begin() as connection:
        database.inbox._put(connection, [told(key) for key in "cab"])
    assert written == ["a", "b", "c"]


# -- repeats -----------------------------------------------------------------------------------------


def test_the_same_key_is_kept_once_for_ever(database: Database, told: Told) -> None:
    for hours in (0, 1, 24, 24 * 365):
        database.inbox.keep(told("a", after=timedelta(hours=hours)))
    assert kept(database) == ["a"]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([0, 23.99], 1),
        ([0, 24], 2),
        ([0, 24, 25, 47.9], 2),
        ([0, 24, 48], 3),
        ([0, 48, 1], 2),  # a clock that was put back
    ],
)
def test_after_its_window_the_same_key_is_a_new_delivery(
    database: Database, told: Told, hours: list[float], expected: int
) -> None:
    for each in hours:
        database.inbox.keep(told("a", after=timedelta(hours=each), window=DAY))
    assert kept(database) == ["a"] * expected


def test_another_connection_has_keys_of_its_own(database: Database, told: Told) -> None:
    for shop in ("mia", "eve", "mia", "eve"):
        database.inbox.keep(told("a", shop, window=DAY))
    assert kept(database) == ["a", "a"]


def test_two_services_keep_one_of_a_late_repeat_told_to_both(database: Database, told: Told) -> None:
    other = Database(database.url)
    database.inbox.keep(told("a", window=DAY))
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda own: own.inbox.keep(told("a", after=DAY, window=DAY)), (database, other)))
    other.close()
    assert kept(database) == ["a", "a"]


# -- sharing -----------------------------------------------------------------------------------------


@contextmanager
def while_committing(database: Database, first: NewReceipt, *others: NewReceipt) -> Iterator[list[Future[None]]]:
    """`first` is being committed and `others` wait, until the block is left; what comes of each."""
    reached, go_on = threading.Event(), threading.Event()

    def hold(_connection: Any) -> None:
        if not reached.is_set():
            reached.set()
            go_on.wait(10)

    event.listen(database.engine, "commit", hold)
    with ThreadPoolExecutor(1 + len(others)) as threads:
        calls = [threads.submit(database.inbox.keep, first)]
        assert reached.wait(10)
        for place, receipt in enumerate(others, start=1):
            calls.append(threads.submit(database.inbox.keep, receipt))
            while len(database.inbox._waiting) < place:
                pass
        yield calls
        go_on.set()


def commits(database: Database) -> list[int]:
    """Grows by one with every commit from now on."""
    seen: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: seen.append(1))
    return seen


def test_those_who_come_during_a_commit_share_the_next(database: Database, told: Told) -> None:
    seen = commits(database)
    with while_committing(database, told("a"), *(told(key) for key in "bcdefgh")) as calls:
        pass
    assert [call.result() for call in calls] == [None] * 8
    assert len(seen) == 2
    assert kept(database) == [*"abcdefgh"]


def test_a_crowd_is_kept_in_several_commits(database: Database, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_commit, "MOST", 3)
    seen = commits(database)
    with while_committing(database, told("a"), *(told(key) for key in "bcdefgh")):
        pass
    assert len(seen) == 1 + 3
    assert kept(database) == [*"abcdefgh"]


def test_the_same_delivery_over_two_connections_at_once_is_kept_once(database: Database, told: Told) -> None:
    with while_committing(database, told("a", window=DAY), *(told(key, window=DAY) for key in "abbb")):
        pass
    assert kept(database) == ["a", "b"]


def test_nothing_is_lost_in_a_crowd(database: Database, told: Told) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: database.inbox.keep(told(f"{number:03}", window=DAY)), range(300)))
    assert kept(database) == [f"{number:03}" for number in range(300)]


# -- trouble -----------------------------------------------------------------------------------------


def test_a_row_that_cannot_be_kept_fails_alone(
    database: Database, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    with while_committing(database, told("a"), told("b"), told("c", shop="nobody"), told("d")) as calls:
        pass
    with pytest.raises(Temporary):
        calls[2].result()
    assert [calls[place].result() for place in (0, 1, 3)] == [None] * 3
    assert kept(database) == ["a", "b", "d"]
    assert "cannot be kept" in caplog.text
    database.inbox.keep(told("e"))


def fail_once(database: Database, error: BaseException) -> None:
    """The second commit from now on fails."""
    left = [False, True]

    def fail(_connection: Any) -> None:
        if left and left.pop(0):
            raise error

    event.listen(database.engine, "commit", fail)


def test_trouble_of_the_database_is_told_to_everybody_and_is_over_when_it_is_over(
    database: Database, told: Told
) -> None:
    full = sqlite3.OperationalError("disk I/O error")
    full.sqlite_errorcode = sqlite3.SQLITE_IOERR
    fail_once(database, OperationalError("COMMIT", {}, full))
    with while_committing(database, told("a"), told("b"), told("c")) as calls:
        pass
    assert calls[0].result() is None
    for call in calls[1:]:
        with pytest.raises(Temporary, match="disk I/O error"):
            call.result()
    database.inbox.keep(told("b"))
    assert kept(database) == ["a", "b"]


def test_nobody_waits_for_ever_for_somebody_who_was_stopped(database: Database, told: Told) -> None:
    fail_once(database, KeyboardInterrupt())
    with while_committing(database, told("a"), told("b"), told("c"), told("d")) as calls:
        pass
    assert sum(isinstance(call.exception(10), KeyboardInterrupt) for call in calls) == 1
    database.inbox.keep(told("e"))
    assert len(kept(database)) == 4


def test_a_driver_without_words_keeps_nothing_all_the_same(database: Database, told: Told) -> None:
    fail_once(database, OperationalError("COMMIT", {}, psycopg.OperationalError()))
    database.inbox.keep(told("a"))
    with pytest.raises(Temporary, match="database_busy"):
        database.inbox.keep(told("b"))
    assert kept(database) == ["a"]


def test_whoever_waits_too_long_for_a_turn_is_told_so_and_nobody_waits_for_him(
    database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a database server that has vanished: each request that waits for it takes a thread of the web."""
    monkeypatch.setattr(shared_commit, "PATIENCE", 0.2)
    with while_committing(database, told("a"), told("b"), told("c")) as calls:
        for call in calls[1:]:
            with pytest.raises(Temporary, match="database_busy"):
                call.result(10)
        assert not database.inbox._waiting
    assert calls[0].result() is None
    database.inbox.keep(told("d"))
    assert kept(database) == ["a", "d"]


def test_whoever_leaves_just_as_his_turn_comes_takes_the_work_along(
    database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_commit, "PATIENCE", 0.002)  # about as long as a commit

    def keep(number: int) -> str:
        key = f"{number:03}"
        with suppress(Temporary):
            database.inbox.keep(told(key))
            return key
        return ""

    with ThreadPoolExecutor(16) as threads:
        answered = {key for key in threads.map(keep, range(300)) if key}
    assert answered <= set(kept(database))
    assert not database.inbox._waiting
    database.inbox.keep(told("last"))
    assert "last" in kept(database)
