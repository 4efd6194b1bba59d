"""Transactions: nothing is lost between writers, history is never rewritten, a full disk refuses and harms nothing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from integration.db.session import Database
from integration.domain.errors import Temporary
from tests.conftest import NewDatabase
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.troubles import Disk, hurry


@pytest.fixture
def database(tmp_path: Path, new_database: NewDatabase) -> Iterator[Database]:
    """A database with one counter, once per engine."""
    made = Database(new_database(tmp_path))
    with made.writing() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    yield made
    made.close()


def count(database: Database) -> int:
    """What the counter says."""
    with database.reading() as session:
        return int(session.execute(text("SELECT n FROM counter")).scalar_one())


def test_four_writers_with_a_hundred_read_modify_writes_each_lose_none(database: Database) -> None:
    def write(_: int) -> None:
        for _ in range(100):
            with database.writing() as session:
                seen = session.execute(text("SELECT n FROM counter")).scalar_one()
                session.execute(text("UPDATE counter SET n = :n"), {"n": seen + 1})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert count(database) == 400


def test_two_installations_of_one_file_lose_none_either(database: Database) -> None:
    other = Database(database.url)

    def write(own: Database) -> None:
        for _ in range(50):
            with own.writing() as session:
                seen = session.execute(text("SELECT n FROM counter")).scalar_one()
                session.execute(text("UPDATE counter SET n = :n"), {"n": seen + 1})

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, (database, other)))
    other.close()
    assert count(database) == 100


def test_what_fails_is_undone(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            session.execute(text("UPDATE counter SET n = 7"))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(database) == 0


def test_reading_sees_a_steady_picture_and_writes_nothing(database: Database) -> None:
    with database.reading() as session:
        assert session.execute(text("SELECT n FROM counter")).scalar_one() == 0
        with database.writing() as other:
            other.execute(text("UPDATE counter SET n = 7"))
        assert session.execute(text("SELECT n FROM counter")).scalar_one() == 0
    assert count(database) == 7


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    """A counter in SQLite."""
    made = Database(f"sqlite:///{tmp_path}/counter.db")
    with made.writing() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    yield made
    made.close()


def test_the_file_is_as_contracted(file: Database) -> None:
    with file.reading() as session:
        pragmas = {name: session.execute(text(f"PRAGMA {name}")).scalar_one()
                   for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_file_that_another_process_holds_is_busy_not_broken(file: Database) -> None:
    mine, theirs = hurry(Database(file.url)), sqlite3.connect(file.url.removeprefix("sqlite:///"))
    theirs.execute("BEGIN IMMEDIATE")
    with pytest.raises(Temporary, match="database_busy"), mine.writing() as session:
        session.execute(text("UPDATE counter SET n = 7"))
    theirs.close()
    with mine.writing() as session:
        session.execute(text("UPDATE counter SET n = 8"))
    mine.close()
    assert count(file) == 8


@pytest.mark.parametrize("deed", ["UPDATE history SET reason = 'other'", "DELETE FROM history"])
def test_history_can_only_be_added_to(make_house: MakeHouse, deed: str) -> None:
    house = make_house()
    house.deliver()
    before = written(house)
    with pytest.raises(DBAPIError, match="append-only"), house.services.db.writing() as session:
        session.execute(text(deed))
    assert written(house) == before != []


def written(house: House) -> list[Any]:
    """Every line of history."""
    with house.services.db.reading() as session:
        return [tuple(row) for row in session.execute(text("SELECT * FROM history ORDER BY id"))]


# -- a full disk ---------------------------------------------------------------------------------------


def test_on_a_full_disk_a_webhook_is_503_and_arrives_when_it_is_sent_again(make_house: MakeHouse) -> None:
    house = make_house()
    disk = Disk(house.services.db)
    told = house.side.arrive(house.side.sell())
    disk.full = True
    answers = [house.post(told[0], told[1])]
    while answers[-1] == 200 and len(answers) < 50:  # what fits into the last page may still be kept
        told = house.side.arrive(house.side.sell())
        answers.append(house.post(*told))
    assert answers[-1] == 503
    assert set(answers) <= {200, 503}
    assert len(house.receipts()) == answers.count(200)
    assert house.client.get("/readyz").status_code == 503
    disk.full = False
    assert house.client.get("/readyz").status_code == 200
    assert house.post(*told) == 200
    house.run()
    assert house.kinds().count("label") == len(answers)
    assert integrity(house.services.db) == "ok"


def integrity(database: Database) -> str:
    """Whether the file is whole; PostgreSQL's pages carry sums that it looks at itself."""
    with database.reading() as session:
        sqlite = session.connection().dialect.name == "sqlite"
        return str(session.execute(text("PRAGMA integrity_check")).scalar_one()) if sqlite else "ok"


def test_on_a_full_disk_an_answer_is_503_with_words_and_nothing_half_done(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    disk = Disk(house.services.db)
    disk.full = True
    pages = [house.answer(1, "damaged", "x" * 3900) for _ in range(2)]
    assert {page.status_code for page in pages} == {503}
    assert "Traceback" not in pages[0].text
    disk.full = False
    assert house.answer(1, "damaged").status_code == 200
    house.run()
    assert len(house.codes()) == 1


def journal(database: Database) -> int:
    """The size of SQLite's journal, in bytes."""
    return Path(f"{database.engine.url.database}-wal").stat().st_size


def test_letting_go_of_the_journal_waits_for_no_reader_and_says_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/postventa.db")
    with database.writing() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    began = time.monotonic()
    with database.reading() as session:
        session.execute(text("SELECT n FROM counter")).one()
        with database.writing() as writer:
            writer.execute(text("UPDATE counter SET n = 1"))
        assert not database.scrub()
        assert journal(database)
    assert time.monotonic() - began < 5
    assert database.scrub()
    assert journal(database) == 0
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
    database.close()


def test_on_postgresql_there_is_no_journal_to_let_go_of(database: Database) -> None:
    assert database.scrub()
