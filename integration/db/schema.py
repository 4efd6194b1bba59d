"""Brings a database to this code's schema; refuses one that is newer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from integration.db.session import lock
from integration.db.shared_commit import OUTAGES
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
    try:
        with engine.connect().execution_options(reading=True) as connection:
            if _is_current(connection):
                return
        with engine.begin() as connection:
            lock(connection)
            if not _is_current(connection):  # another process may have been faster
                made = config()
                made.attributes["connection"] = connection
                command.upgrade(made, "head")
    except OUTAGES as error:
        raise Temporary("database_unreachable", why=str(error.orig).strip().splitlines()[0][:120]) from error


def _is_current(connection: Connection) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config())
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise Misconfigured("database_newer", revision=current)
    return current == script.get_current_head()
