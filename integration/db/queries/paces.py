"""How many mails left and will leave: for the installation, whose shops all write from one address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from integration.db.mail_tables import Pace
from integration.db.session import lock_named

_FIRST = "first"
_DAY = "day:"


def have(session: Session) -> None:
    """Have the paces for oneself until the transaction ends: every shop counts on them."""
    lock_named(session, "paces")


def first_day(session: Session, now: datetime) -> date:
    """The day of the first mail that left; today, if this is it."""
    row = _row(session, _FIRST, now)
    session.flush()
    return row.at.date()


def days_from(session: Session, today: date) -> Mapping[date, int]:
    """How many mails have their place on each day from today on."""
    later = (col(Pace.name).startswith(_DAY), col(Pace.name) >= _day(today))
    rows = session.exec(select(Pace).where(*later)).all()
    return {date.fromisoformat(row.name.removeprefix(_DAY)): row.n for row in rows}


def place(session: Session, day: date, now: datetime) -> None:
    """One more on this day."""
    row = _row(session, _day(day), now)
    row.n += 1
    session.flush()


def bucket(session: Session, domain: str, now: datetime) -> Pace:
    """When the bucket of a domain (its digest) will be empty, at `at`."""
    return _row(session, f"domain:{domain}", now)


def forget(session: Session, before: datetime) -> None:
    """Days and buckets that say nothing any more."""
    session.execute(delete(Pace).where(col(Pace.at) < before, col(Pace.name) != _FIRST))


def _day(day: date) -> str:
    return f"{_DAY}{day.isoformat()}"


def _row(session: Session, name: str, now: datetime) -> Pace:
    row = session.exec(select(Pace).where(Pace.name == name)).first()
    if row is None:
        row = Pace(name=name, at=now)
        session.add(row)
    return row
