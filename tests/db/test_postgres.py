"""PostgreSQL by its URL: who waits for whom, what is told when it is away, and what SQLite would not have minded."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from integration.db import readiness, schema
from integration.db.queries.shops import lock_shop
from integration.db.session import Database
from integration.db.shared_commit import NewReceipt
from integration.db.tables import Connection, Receipt, Shop
from integration.domain.errors import Misconfigured, Temporary
from tests.postgres import Postgres


@pytest.fixture
def database(postgres: Postgres, empty_postgres: str) -> Iterator[Database]:
    """A new database with our tables."""
    name = postgres.database(like=empty_postgres)
    made = Database(postgres.url(name))
    yield made
    made.close()
    postgres.drop(name)


def impatient(database: Database) -> Database:
    """The same, of somebody who waits for a lock 50 ms instead of ten seconds."""
    return Database(database.url + "?options=-c%20lock_timeout%3D50")


@pytest.mark.parametrize(
    ("held", "wanted", "waits"),
    [
        ([""], [""], True),
        ([""], ["shop_1"], True),
        (["shop_1"], [""], True),
        (["shop_1"], ["shop_1"], True),
        (["shop_1"], ["shop_2"], False),
    ],
)
def test_who_waits_for_whom(database: Database, held: list[str], wanted: list[str], waits: bool) -> None:
    other = impatient(database)
    with ExitStack() as stack:
        stack.callback(other.close)
        stack.enter_context(database.writing(*held))
        if waits:
            stack.enter_context(pytest.raises(Temporary, match="database_busy"))
        stack.enter_context(other.writing(*wanted))


def test_readers_wait_for_nobody(database: Database) -> None:
    other = impatient(database)
    with database.writing(), other.reading() as reader:
        assert reader.execute(text("SELECT 1")).scalar_one() == 1
    other.close()


def test_webhooks_wait_for_nobody(database: Database, now: datetime) -> None:
    other = impatient(database)
    with database.writing() as session:
        session.add(Connection(id="mia", key="mia", platform="demo", sealed_credentials="", sealed_webhook_secret="",
                               created_at=now))  # fmt: skip
        session.flush()
        session.add(Shop(id="mia", connection_id="mia", name="mia", address="mia", zone="UTC", locale="es",
                         created_at=now))  # fmt: skip
    with database.writing() as session:
        lock_shop(session, "mia").state = "paused"
        session.flush()
        other.inbox.keep(NewReceipt(id="a", connection_id="mia", shop_id="mia", delivery_key="a", topic="", body=b"",
                                    received_at=now, window=None))  # fmt: skip
    other.close()


def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), database.reading() as session:
        session.execute(text("DELETE FROM shops"))


def test_a_server_that_takes_no_changes_is_in_trouble_until_it_does(database: Database, now: datetime) -> None:
    """As hosters do when the disk is nearly full: connections made meanwhile would stay so for good."""
    receipt = NewReceipt(id="a", connection_id="mia", shop_id=None, delivery_key="a", topic="", body=b"",
                         received_at=now, window=None)  # fmt: skip
    connection = Connection(id="mia", key="mia", platform="demo", sealed_credentials="", sealed_webhook_secret="",
                            created_at=now)  # fmt: skip
    with database.writing() as session:
        session.add(connection)
    name = database.url.rpartition("/")[2]
    for stopped in (True, False):
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            own.execute(text("SET default_transaction_read_only = off"))
            own.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {stopped}'))
        if stopped:
            database.engine.dispose()
            with pytest.raises(Temporary, match="database_busy"), database.writing() as session:
                session.add(Shop(id="mia", connection_id="mia", name="mia", address="mia", zone="UTC", locale="es",
                                 created_at=now))  # fmt: skip
            with pytest.raises(Temporary, match="database_busy"):
                database.inbox.keep(receipt)
            with pytest.raises(Temporary, match="database_busy"):
                readiness.check(database, now)
    readiness.check(database, now)
    database.inbox.keep(receipt)
    with database.reading() as session:
        assert session.get(Receipt, "a")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_url_may_be_written_as_hosters_write_it(database: Database, scheme: str) -> None:
    other = Database(database.url.replace("postgresql+psycopg", scheme))
    with other.reading() as session:
        assert session.execute(text("SELECT count(*) FROM shops")).scalar_one() == 0
    other.close()


@pytest.mark.parametrize("url", ["", "postgres", "mysql://mia@127.0.0.1/shop", "oracle+none://x"])
def test_a_url_that_is_none_of_ours_is_told(url: str) -> None:
    with pytest.raises(Misconfigured, match="bad_database"):
        Database(url)


def server_says(database: Database, *names: str) -> list[str]:
    with database.reading() as session:
        return [str(session.execute(text(f"SHOW {name}")).scalar_one()) for name in names]


def client_says(database: Database, *names: str) -> list[str | None]:
    with closing(database.engine.raw_connection()) as connection:
        told = connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
        return [told.get(name) for name in names]


def test_each_side_notices_within_a_minute_that_the_other_has_vanished(database: Database) -> None:
    """No packet tells it: their kernels would keep a connection, and the locks that go with it, for hours."""
    ours = ("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
    theirs = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
    assert client_says(database, *ours) == ["10", "5", "3", "15000"]
    assert server_says(database, *theirs) == ["30", "10", "3", "60000"]
    with closing(database.engine.raw_connection()) as connection:
        own = socket.socket(fileno=os.dup(connection.driver_connection.fileno()))  # type: ignore[union-attr]
    with own:
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000


def test_what_the_url_says_of_it_counts(database: Database) -> None:
    other = Database(database.url + "?keepalives_idle=60&tcp_user_timeout=0")
    assert client_says(other, "keepalives_idle", "keepalives_interval", "tcp_user_timeout") == ["60", "5", "0"]
    other.close()


def test_a_server_that_is_away_is_told_in_one_sentence(tmp_path: Path) -> None:
    for url in ("postgresql://mia:her-secret@127.0.0.1:1/shop", f"sqlite:///{tmp_path}/no/such/folder/postventa.db"):
        away = Database(url)
        with pytest.raises(Temporary, match="database_unreachable") as error:
            schema.upgrade(away.engine)
        assert "her-secret" not in str(error.value)
        assert "\n" not in str(error.value)


END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postventa'"


def ask(database: Database) -> int:
    with database.writing() as session:
        return int(session.execute(text("SELECT 1")).scalar_one())


def test_connections_that_the_server_ended_are_replaced(
    database: Database, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.db.session.FRESH_SECONDS", 0.0)  # as if they had rested
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: ask(database), range(2)))
    postgres.execute(END_ALL)
    assert ask(database) == 1
    with database.reading() as session:
        assert ask(database) == session.execute(text("SELECT 1")).scalar_one()


def test_one_that_was_used_just_now_is_not_asked_first(
    database: Database, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.db.session.FRESH_SECONDS", 60.0)
    ask(database)
    postgres.execute(END_ALL)
    with pytest.raises(Temporary, match="database_busy"):
        ask(database)
    assert ask(database) == 1


def test_a_connection_that_ends_under_a_transaction_is_busy_not_broken(database: Database, postgres: Postgres) -> None:
    def cut() -> None:
        with database.writing() as session:
            session.execute(text("SELECT 1"))
            postgres.execute(END_ALL)
            session.execute(text("SELECT 1"))

    with pytest.raises(Temporary, match="database_busy"):
        cut()
