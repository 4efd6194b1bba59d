"""Until when a complaint is promised an answer."""

from __future__ import annotations

import re
from collections.abc import Set
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from integration.domain.errors import Misconfigured

_PROMISE = re.compile(r"([1-9]\d{0,2}) (working days?|days?|hours?)")
_DAY = timedelta(days=1)
_SATURDAY = 5


def due(promise: str, received_at: datetime, zone: tzinfo, holidays: Set[date] = frozenset()) -> datetime:
    """When `5 working days`, `3 days` or `48 hours` are over, as UTC.

    Days are the shop's: the day of receipt does not count, the last one counts to its end (23:59). Working days
    leave out Saturdays, Sundays and the `holidays`. `Misconfigured("bad_promise")` for any other promise.
    """
    match = _PROMISE.fullmatch(" ".join(promise.lower().split()))
    if not match:
        raise Misconfigured("bad_promise", value=promise)
    number, unit = int(match[1]), match[2].rstrip("s")
    if unit == "hour":
        return received_at.astimezone(UTC) + timedelta(hours=number)
    last = _last_day(received_at.astimezone(zone).date(), number, holidays, working=unit == "working day")
    # Where the clock changes at midnight, an evening that comes twice ends the second time, and one without
    # 23:59 an hour before.
    return datetime.combine(last, time(23, 59, fold=1), zone).astimezone(UTC)


def _last_day(day: date, number: int, holidays: Set[date], *, working: bool) -> date:
    while number:
        day += _DAY
        number -= not working or (day.weekday() < _SATURDAY and day not in holidays)
    return day
