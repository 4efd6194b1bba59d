"""What happens to a database beneath us, on either engine: its disk is full, or another program has it to itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from sqlalchemy import event, text
from sqlmodel import SQLModel

from integration.db.session import Database

_LEFT = 8  # rows that PostgreSQL's disk still has room for when it begins to be full
_FULL = f"""
CREATE SEQUENCE room;
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('room') > {_LEFT} THEN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
  END IF;
  RETURN NEW;
END $$;
"""


class Disk:
    """The disk under a database, full when `full`: SQLite's file may have no page more, PostgreSQL takes no row more.

    PostgreSQL's error comes from the server, under the number that a full disk has there.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._full = database, False
        if database.engine.dialect.name == "sqlite":
            event.listen(database.engine, "checkout", self._limit)

    def _limit(self, connection: Any, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if self._full else 1_000_000
        connection.execute(f"PRAGMA max_page_count = {pages}")

    @property
    def full(self) -> bool:
        """Whether nothing more fits."""
        return self._full

    @full.setter
    def full(self, full: bool) -> None:
        self._full = full
        if self._database.engine.dialect.name == "postgresql":
            with self._database.engine.begin() as connection:
                for statement in _filled() if full else ("DROP FUNCTION disk_full CASCADE", "DROP SEQUENCE room"):
                    connection.execute(text(statement))


def _filled() -> Iterator[str]:
    yield _FULL
    for table in SQLModel.metadata.tables:
        yield f"CREATE TRIGGER disk BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION disk_full()"


def impatient(url: str) -> str:
    """The URL of somebody who waits for PostgreSQL's locks 50 ms instead of ten seconds; SQLite's see `hurry`."""
    return f"{url}?options=-c%20lock_timeout%3D50" if url.startswith("postgresql") else url


def hurry(database: Database) -> Database:
    """The same for SQLite's lock."""
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "checkout", lambda held, *_: held.execute("PRAGMA busy_timeout = 50"))
    return database


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Another program has the database to itself, as a manual repair or a schema change does: others can only read."""
    url = database.url.partition("?")[0]
    if database.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        server.execute(f"LOCK TABLE {', '.join(SQLModel.metadata.tables)} IN EXCLUSIVE MODE".encode())
        yield
        server.rollback()
