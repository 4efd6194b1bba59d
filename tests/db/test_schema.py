"""Migrations make exactly the tables that the code knows, go both ways, and refuse what a newer version wrote."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from integration.db import schema, tables
from integration.db.session import Database
from integration.domain.errors import Misconfigured, Temporary
from tests.postgres import Postgres

assert tables


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """One without any table, once per engine."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/postventa.db"
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            name = server.database()
            stack.callback(server.drop, name)
            url = server.url(name)
        made = Database(url)
        stack.callback(made.close)
        yield made


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
    """The tables with their columns and indexes, and the migration they stand at."""
    found = inspect(database.engine)
    indexes = {name: [index["name"] for index in found.get_indexes(name)] for name in names(database)}
    told = [f"{name} {found.get_columns(name)} {indexes[name]}" for name in sorted(indexes)]
    with database.reading() as session:
        return [*told, str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())]


def test_a_database_of_a_newer_version_is_refused_and_not_touched(database: Database) -> None:
    schema.upgrade(database.engine)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    before = dump(database)
    with pytest.raises(Misconfigured, match="database_newer"):
        schema.upgrade(database.engine)
    assert dump(database) == before


def test_a_database_whose_driver_has_no_words_is_unreachable_all_the_same(database: Database) -> None:
    """The thread that looks for newer versions lives on `Temporary` alone."""

    @event.listens_for(database.engine, "begin")
    def on_begin(_connection: object) -> None:
        raise OperationalError("BEGIN", {}, psycopg.OperationalError())

    with pytest.raises(Temporary, match="database_unreachable"):
        schema.revision(database.engine)


def test_two_processes_that_start_at_once_migrate_once(database: Database) -> None:
    others = [Database(database.url) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda other: schema.upgrade(other.engine), others))
    for other in others:
        other.close()
    assert set(SQLModel.metadata.tables) <= names(database)


def test_the_migrations_are_one_line() -> None:
    assert len(ScriptDirectory.from_config(schema.config()).get_heads()) == 1
