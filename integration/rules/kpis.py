"""The five numbers of after-sales service, each by one formula (C12): counts, medians, shares with their interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Unit = Literal["count", "per_100", "hours", "percent"]
Group = Literal["resolved", "unresolved", "silent", "answered"]

SMALL = 5
"""With fewer than this behind it, no median and no share is told."""
RETURN_WINDOW = timedelta(days=90)
_Z95 = 1.959964  # the normal quantile of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def before(self) -> Period:
        """The period of the same length right before this one."""
        return Period(self.start - (self.end - self.start), self.start)

    def shifted(self, back: timedelta) -> Period:
        """The same length, further back."""
        return Period(self.start - back, self.end - back)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `value` is in `unit`, `None` where `n` is too small to say; `low` to `high` holds the truth in 95 %.

    `n` is how many cases, answers or people the figure rests on; `of` is the whole it is a part of, where there is one.
    """

    name: str
    value: float | None
    unit: Unit
    n: int
    of: int | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A move of a complaint."""

    at: datetime
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint as the numbers see it; moments are `None` until they come."""

    cause: str
    opened_at: datetime
    acknowledged_at: datetime | None = None
    replied_at: datetime | None = None
    first_resolved_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class People:
    """How many had a delivery and told us this, and how many of them bought again within `RETURN_WINDOW` of it."""

    group: Group
    count: int
    back: int


def complaints(cases: Sequence[Case], delivered: int) -> tuple[Line, ...]:
    """Complaints opened in the period, per 100 orders delivered in it, and by cause, the most frequent first."""
    total = len(cases)
    rate = _rounded(100 * total / delivered) if delivered >= SMALL else None
    causes = sorted({case.cause for case in cases}, key=lambda cause: (-_count(cases, cause), cause))
    return (
        Line("complaints", total, "count", total),
        Line("complaints_per_100", rate, "per_100", total, of=delivered),
        *(Line(f"cause.{cause}", _count(cases, cause), "count", _count(cases, cause), of=total) for cause in causes),
    )


def _count(cases: Iterable[Case], cause: str) -> int:
    return sum(1 for case in cases if case.cause == cause)


def first_response(cases: Sequence[Case]) -> tuple[Line, ...]:
    """From receipt to the first words of a person, and to the acknowledgement, which may come by itself."""
    replies = [case.replied_at - case.opened_at for case in cases if case.replied_at]
    receipts = [case.acknowledged_at - case.opened_at for case in cases if case.acknowledged_at]
    return (*_spread("first_reply", replies, len(cases)), *_spread("acknowledged", receipts, len(cases)))


def resolution(cases: Sequence[Case]) -> tuple[Line, ...]:
    """From receipt to the final decision told; a reopened case counts to its last close, the first one stands apart."""
    finals = [case.resolved_at - case.opened_at for case in cases if case.resolved_at]
    firsts = [case.first_resolved_at - case.opened_at for case in cases if case.first_resolved_at]
    return (*_spread("resolution", finals, len(cases)), *_spread("first_resolution", firsts, len(cases)))


def satisfaction(scores: Mapping[int, int], mailed: int, answered_of_mailed: int) -> tuple[Line, ...]:
    """CSAT: answers of 4 and 5 among all that were sent, and how many of the surveys mailed were answered (B12).

    `scores` tells how often each was sent.
    """
    happy = sum(times for score, times in scores.items() if score >= 4)
    return (share("csat", happy, sum(scores.values())), share("response_rate", answered_of_mailed, mailed))


def retention(people: Sequence[People]) -> tuple[Line, ...]:
    """People who bought again within 90 days of a delivery, all and by what they had told us."""
    groups = {name: [one for one in people if one.group == name] for name in ("resolved", "unresolved", "silent")}
    apart = (_retained(f"retention_{name}", those) for name, those in groups.items())
    return (_retained("retention", people), *apart)


def redemption(used: int, given: int) -> tuple[Line, ...]:
    """How many of the codes given were used in a later order."""
    return (share("codes_used", used, given),)


def _retained(name: str, people: Sequence[People]) -> Line:
    return share(name, sum(one.back for one in people), sum(one.count for one in people))


def share(name: str, part: int, whole: int) -> Line:
    """`part` of `whole` in per cent with the Wilson 95 % interval; no value below `SMALL`."""
    if whole < SMALL:
        return Line(name, None, "percent", part, of=whole)
    low, high = wilson(part, whole)
    return Line(name, _rounded(100 * part / whole), "percent", part, of=whole, low=low, high=high)


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % score interval of a share, in per cent (Wilson 1927)."""
    rate, z2 = part / whole, _Z95 * _Z95
    middle = rate + z2 / (2 * whole)
    reach = _Z95 * math.sqrt(rate * (1 - rate) / whole + z2 / (4 * whole * whole))
    low, high = ((middle + sign * reach) / (1 + z2 / whole) for sign in (-1, 1))
    return _rounded(100 * max(low, 0.0)), _rounded(100 * min(high, 1.0))


def _spread(name: str, waits: Sequence[timedelta], cases: int) -> tuple[Line, Line]:
    """Median and 90th percentile (nearest rank) in calendar hours."""
    hours = sorted(wait.total_seconds() / 3600 for wait in waits)
    enough = len(hours) >= SMALL
    median = _rounded(statistics.median(hours), 2) if enough else None
    ninth = _rounded(hours[math.ceil(0.9 * len(hours)) - 1], 2) if enough else None
    return (
        Line(name, median, "hours", len(hours), of=cases),
        Line(f"{name}_p90", ninth, "hours", len(hours), of=cases),
    )


def _rounded(value: float, digits: int = 1) -> float:
    """As the page shows it, the export writes it, and two people compare it."""
    return round(value, digits)


def resolved(steps: Sequence[Step], told: Sequence[datetime]) -> tuple[datetime | None, datetime | None]:
    """When a complaint was first resolved, and finally; `None` while it is not.

    A decision counts once it was told (`told` holds when such mails left), a closing at once. Whatever reopens a
    closed case takes its final moment back until it is closed again.
    """
    closings = [step.at for step in steps if step.new == "closed"]
    decisions = [step.at for step in steps if step.new == "decided"]
    reopened = [step.at for step in steps if step.old == "closed" and step.new == "in_progress"]
    told_after = sorted(at for at in told if decisions and at >= decisions[0])
    first = min([*told_after[:1], *closings[:1]], default=None)
    if not reopened:
        return first, first
    return first, next((at for at in reversed(closings) if at >= reopened[-1]), None)
