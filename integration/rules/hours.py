"""The hours of a day in which a shop writes to people, in its own time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from integration.domain.errors import Misconfigured

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` up to `end`, in minutes of the local day; `start` behind `end` goes over midnight."""

    start: int
    end: int

    def hold(self, local: datetime) -> bool:
        """Whether this local time is within."""
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def parse_hours(text: str) -> Hours:
    """`09:00-19:00`, `22:00-06:00` or `always`; `Misconfigured("bad_hours")` for anything else."""
    if text.strip() == "always":
        return Hours(0, _MIDNIGHT)
    match = _HOURS.fullmatch(text.replace(" ", ""))
    if not match:
        raise Misconfigured("bad_hours", value=text)
    hour, minute, until_hour, until_minute = match.groups()
    end = int(until_hour) * 60 + int(until_minute) if until_hour else _MIDNIGHT
    hours = Hours(int(hour) * 60 + int(minute), end)
    if hours.start == hours.end:
        raise Misconfigured("bad_hours", value=text)
    return hours


def moved_into(hours: Hours, moment: datetime, zone: tzinfo) -> datetime:
    """The moment itself if it is within these hours in that zone, else the next opening; as UTC."""
    local = moment.astimezone(zone)
    if hours.hold(local):
        return moment.astimezone(UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    while True:
        for fold in (0, 1):
            opening = (day + timedelta(minutes=hours.start)).replace(fold=fold).astimezone(UTC)
            # On the day the clock changes the opening may not exist, or come twice.
            if opening >= moment and hours.hold(opening.astimezone(zone)):
                return opening
        day += timedelta(days=1)
