"""Every sealed value there is: the columns named `sealed_…`, whichever table keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Column, Table, func, select, update
from sqlmodel import Session, SQLModel, col

from integration.db.tables import LinkRow


def reseal(session: Session, change: Callable[[str], str]) -> int:
    """Put each sealed value through `change`; how many became others."""
    changed = 0
    for table, key, column in _columns():
        for row_id, old in session.execute(select(key, column).where(column != "")).all():
            new = change(old)
            if new != old:
                session.execute(update(table).where(key == row_id).values({column.name: new}))
                changed += 1
    return changed


def values(session: Session) -> list[str]:
    """All of them."""
    return [value for _, _, column in _columns() for value in session.scalars(select(column).where(column != ""))]


def links_by_key(session: Session) -> Counter[str]:
    """How many links were made with each key."""
    made_with = col(LinkRow.key_id)
    counted = session.execute(select(made_with, func.count()).group_by(made_with)).all()
    return Counter({row[0]: row[1] for row in counted})


def _columns() -> Iterator[tuple[Table, Column[Any], Column[Any]]]:
    """Table, primary key and sealed column."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.name.startswith("sealed_"):
                [key] = table.primary_key.columns
                yield table, key, column
