"""What to ask a store for that webhooks may have missed, and when again (E7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

EVERY = timedelta(minutes=15)
OVERLAP = timedelta(minutes=10)
_SHORTEST = timedelta(seconds=5)
_PATIENCE = (
    (timedelta(days=10), EVERY),
    (timedelta(days=30), timedelta(hours=1)),
    (timedelta(days=90), timedelta(hours=6)),
)


def since(position: datetime) -> datetime:
    """From when on to ask: a store's clock and its index may be late."""
    return position - OVERLAP


def advanced(position: datetime, changed: Iterable[datetime], now: datetime) -> datetime:
    """How far the shop is read once these changes are taken in: never back, and never past now.

    An order of the year 2031 would hide every change before.
    """
    return max([position, *(min(at, now) for at in changed)])


def again(now: datetime, wait: timedelta | None = None, *, failed: bool = False) -> datetime:
    """When to look the next time; a store that asked for a wait after a failure gets it."""
    return now + (max(wait, _SHORTEST) if failed and wait is not None else EVERY)


def parcel_pause(shipped_at: datetime, now: datetime) -> timedelta | None:
    """How long to leave a parcel under way in peace between two looks; `None` once it is too old to ask for."""
    age = now - shipped_at
    return next((pause for until, pause in _PATIENCE if age <= until), None)


def parcel_edges(now: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The same for a query: of parcels shipped at or after the first, those last asked for at or before the second."""
    return tuple((now - until, now - pause) for until, pause in _PATIENCE)
