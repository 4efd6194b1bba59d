"""Whether a webhook could be kept now: the database can be reached, nobody holds it, and its disk has room."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, delete, select

from integration.db.session import Database, shares
from integration.db.tables import Attempt, Shop
from integration.domain.ids import new_id

_DOOR = "ready"
_ROWS = 64  # some 20 kB with their indexes: more than the last page has left


def check(database: Database, now: datetime) -> None:
    """`Temporary("database_busy")` when it could not.

    After something failed, asking is not enough: on a full disk a lock can be had, and on PostgreSQL a locked table be
    read. Then rows are written and taken back, in one commit that nobody sees.
    """
    with database.marking() as session:
        session.exec(select(Shop.id).limit(1)).first()
        if database.in_trouble:
            session.add_all(
                Attempt(id=new_id("attempt", now), door=_DOOR, who=f"{n:064}", at=now) for n in range(_ROWS)
            )
            session.flush()
            session.exec(delete(Attempt).where(col(Attempt.door) == _DOOR))
    database.in_trouble = False


def refuse_all(database: Database, outage: Exception, now: datetime) -> None:
    """Raise when nothing can be kept; back when it was the rows of one shop alone, which SQLite does not know."""
    if database.engine.dialect.name == "sqlite":
        raise outage
    check(database, now)
    with database.marking() as session:
        if not shares(session):
            raise outage
