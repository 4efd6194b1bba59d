"""Engines and transactions: SQLite as contracted (E9), PostgreSQL by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from integration.domain.errors import Temporary

_BUSY_MS = 10_000


class Database:
    """One database. `writing()` is the only way to change it; `reading()` sees a steady picture."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url, pool_size=16, max_overflow=16)
        if self.engine.dialect.name == "sqlite":
            _as_contracted(self.engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that holds the write lock from its start and commits at the end.

        `Temporary("database_busy")` when another process holds the file longer than ten seconds or the disk is full.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            try:
                with session.begin():
                    yield session
            except OperationalError as error:
                raise Temporary("database_busy", why=str(error.orig)[:80]) from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that takes no write lock and is rolled back."""
        with self.engine.connect().execution_options(reading=True) as connection, Session(connection) as session:
            yield session

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _as_contracted(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # sqlite3's own BEGIN is deferred and loses updates silently
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
