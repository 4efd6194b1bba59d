"""Brings a database to this code's schema; refuses one that is newer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from integration.domain.errors import Misconfigured


def config() -> Config:
    """Alembic's configuration; the scripts travel in the package."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(engine: Engine) -> None:
    """Run what is missing; `Misconfigured("database_newer")` when the file was written by a newer version."""
    made = config()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(made)
        if current == script.get_current_head():
            return
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise Misconfigured("database_newer", revision=current)
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
        connection.commit()
