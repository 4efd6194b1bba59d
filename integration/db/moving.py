"""A whole database into an empty one of either kind: every row, counted, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from integration.db import exports
from integration.db.session import Database
from integration.domain.errors import Conflict, Permanent

_AT_ONCE = 1000  # rows


def count(db: Database) -> dict[str, int]:
    """How many rows each table has."""
    with db.reading() as session:
        return _counts(session.connection())


def refuse_full(db: Database) -> None:
    """`Conflict("copy_target_full")` when there is anything in it."""
    full = [name for name, rows in count(db).items() if rows]
    if full:
        raise Conflict("copy_target_full", table=full[0])


def copy(source: Database, target: Database, told: Callable[[int], None]) -> dict[str, int]:
    """Every row of `source` into `target`, which has our tables and nothing in them; how many of each.

    `told` hears how many rows more there are. One picture of the source, one transaction of the target:
    `Permanent("copy_not_done")` when a row is refused or a count differs, and nothing was written.
    """
    with source.reading() as reading, target.writing() as writing:
        there, here = reading.connection(), writing.connection()
        for table in _tables():
            try:
                _copy(there, here, table, told)
            except SQLAlchemyError as error:
                raise Permanent("copy_not_done", table=table.name, why=type(error).__name__) from error
        return _compared(_counts(there), _counts(here))


def _copy(there: Connection, here: Connection, table: Table, told: Callable[[int], None]) -> None:
    rows = there.execute(select(table).execution_options(yield_per=_AT_ONCE))
    for part in rows.mappings().partitions():
        here.execute(insert(table), [dict(row) for row in part])
        told(len(part))
    if here.dialect.name == "postgresql":
        _go_on_counting(here, table)


def _go_on_counting(here: Connection, table: Table) -> None:
    """PostgreSQL's counters know nothing of numbers that came with the rows."""
    key = table.autoincrement_column
    if key is not None:
        newest = here.execute(select(func.max(key))).scalar()
        if newest is not None:
            counter = func.pg_get_serial_sequence(table.name, key.name)
            here.execute(select(func.setval(counter, newest)))


def _compared(there: Mapping[str, int], here: Mapping[str, int]) -> dict[str, int]:
    for name, rows in there.items():
        if here[name] != rows:
            raise Permanent("copy_not_done", table=name, why=f"{here[name]} / {rows}")
    return dict(here)


def _tables() -> list[Table]:
    """Ours, those first that others refer to."""
    metadata: Any = exports.models()[0].metadata
    return list(metadata.sorted_tables)


def _counts(connection: Connection) -> dict[str, int]:
    names = [table.name for table in _tables()]
    return {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}  # noqa: S608  our own names
