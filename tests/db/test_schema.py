"""Migrations make exactly the tables that the code knows, go both ways, and refuse what a newer version wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from integration.db import schema, tables
from integration.db.session import Database
from integration.domain.errors import Misconfigured

assert tables


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty file."""
    made = Database(f"sqlite:///{tmp_path}/postventa.db")
    yield made
    made.close()


def names(database: Database) -> set[str]:
    """The tables that are there."""
    return set(inspect(database.engine).get_table_names())


def test_the_migrations_make_what_the_code_knows(database: Database) -> None:
    schema.upgrade(database.engine)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    assert names(database) == {*SQLModel.metadata.tables, "alembic_version"}


def test_up_and_down_leave_nothing_behind(database: Database) -> None:
    schema.upgrade(database.engine)
    made = schema.config()
    with database.engine.connect() as connection:
        made.attributes["connection"] = connection
        command.downgrade(made, "base")
        connection.commit()
    assert names(database) == {"alembic_version"}
    schema.upgrade(database.engine)
    assert set(SQLModel.metadata.tables) <= names(database)


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    schema.upgrade(database.engine)
    before = dump(database)
    schema.upgrade(database.engine)
    assert dump(database) == before


def dump(database: Database) -> list[str]:
    """The schema as SQL."""
    with database.reading() as session:
        return [str(sql) for sql in session.execute(text("SELECT sql FROM sqlite_master ORDER BY name")).scalars()]


def test_a_database_of_a_newer_version_is_refused_and_not_touched(database: Database) -> None:
    schema.upgrade(database.engine)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    before = dump(database)
    with pytest.raises(Misconfigured, match="database_newer"):
        schema.upgrade(database.engine)
    assert dump(database) == before


def test_the_migrations_are_one_line() -> None:
    assert len(ScriptDirectory.from_config(schema.config()).get_heads()) == 1
