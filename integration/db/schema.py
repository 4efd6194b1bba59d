"""Brings a database to this code's schema; refuses one that is newer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from integration.db.outages import is_outage, words
from integration.db.session import lock
from integration.domain.errors import Misconfigured, Temporary


def config() -> Config:
    """Alembic's configuration; the scripts travel in the package."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(engine: Engine) -> None:
    """Run what is missing; `Misconfigured("database_newer")` when the file was written by a newer version.

    `Temporary("database_unreachable")` when it cannot be opened at all.
    """
    with _reachable():
        with engine.connect().execution_options(reading=True) as connection:
            if _revision(connection) == head():
                return
        with engine.begin() as connection:
            lock(connection)
            if _revision(connection) != head():  # another process may have been faster
                made = config()
                made.attributes["connection"] = connection
                command.upgrade(made, "head")


def revision(engine: Engine, *, newer: bool = False) -> str | None:
    """What the database was brought to, `None` for a new one; raises as `upgrade` does, unless `newer` is welcome."""
    with _reachable(), engine.connect().execution_options(reading=True) as connection:
        return _current(connection) if newer else _revision(connection)


def head() -> str:
    """What this code brings it to."""
    return str(ScriptDirectory.from_config(config()).get_current_head())


def refuse_newer(revision: str) -> None:
    """`Misconfigured("database_newer")` for a revision that this code has never heard of."""
    if revision not in {known.revision for known in ScriptDirectory.from_config(config()).walk_revisions()}:
        raise Misconfigured("database_newer", revision=revision)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _revision(connection: Connection) -> str | None:
    current = _current(connection)
    if current is not None:
        refuse_newer(current)
    return current


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not is_outage(error):
            raise
        raise Temporary("database_unreachable", why=words(error)) from error
