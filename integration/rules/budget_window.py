"""When the day and the month of a budget began, by the shop's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def day_start(now: datetime, zone: tzinfo) -> datetime:
    """The first moment of the shop's day, as UTC."""
    local = now.astimezone(zone)
    # Where the clock jumps over midnight (America/Santiago), 00:00 by the old offset is the moment of the jump.
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def month_start(now: datetime, zone: tzinfo) -> datetime:
    """The first moment of the shop's calendar month, as UTC."""
    return day_start(now.astimezone(zone).replace(day=1, hour=12), zone)
