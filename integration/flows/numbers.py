"""The five numbers of some shops: gathers the rows, asks the formulas; page and export read the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import numbers as rows
from integration.db.queries.numbers import ANSWERED, RESOLVED, SILENT, UNRESOLVED, Course
from integration.flows.services import Services
from integration.rules import kpis
from integration.rules.kpis import Case, Group, Line, People, Period, Step

PERIODS = (7, 30, 90, 365)
GROUPS: dict[int, Group] = {SILENT: "silent", ANSWERED: "answered", RESOLVED: "resolved", UNRESOLVED: "unresolved"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the numbers beside the same line of the period before."""

    now: Line
    before: Line | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """All figures by name; retention looks at the people delivered to in `window`, 90 days earlier."""

    days: int
    period: Period
    window: Period
    figures: dict[str, Figure]


def of_shops(services: Services, shops: Sequence[str], days: int) -> Numbers:
    """The numbers of the last `days` days of these shops taken together."""
    end = services.clock() + timedelta(seconds=1)  # what happened this very moment counts
    period = Period(end - timedelta(days=days), end)
    with ThreadPoolExecutor(2) as side_by_side:  # nearly all of it is the database's own work, which two cores share
        now, before = side_by_side.map(lambda one: _lines(services, shops, one), (period, period.before()))
    known = {line.name: line for line in before}
    return Numbers(days, period, _window(period), {line.name: Figure(line, known.get(line.name)) for line in now})


def _window(period: Period) -> Period:
    """Who was delivered to so long ago that she had her 90 days to come back; in whole hours, see `_people`."""
    shifted = period.shifted(kpis.RETURN_WINDOW)
    return Period(_hour(shifted.start), _hour(shifted.end))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _lines(services: Services, shops: Sequence[str], period: Period) -> tuple[Line, ...]:
    span = (period.start, period.end)
    with services.db.reading() as session:
        cases = _cases(session, shops, period)
        return (
            *kpis.complaints(cases, rows.delivered(session, shops, *span)),
            *kpis.first_response(cases),
            *kpis.resolution(cases),
            *kpis.satisfaction(rows.scores(session, shops, *span), *rows.surveys(session, shops, *span)),
            *kpis.retention(_people(services, session, shops, _window(period))),
            *kpis.redemption(*reversed(rows.codes(session, shops, *span))),
        )


def _cases(session: Session, shops: Sequence[str], period: Period) -> list[Case]:
    return [_case(course) for course in rows.courses(session, shops, period.start, period.end)]


def _case(course: Course) -> Case:
    first, final = kpis.resolved(_steps(course), [course.told] if course.told else [])
    return Case(
        cause=course.cause,
        opened_at=course.opened,
        acknowledged_at=course.acknowledged,
        replied_at=course.replied,
        first_resolved_at=first,
        resolved_at=final,
    )


def _steps(course: Course) -> list[Step]:
    """The moves that decide when it was resolved: of each kind the first, of a case reopened the last, too."""
    moves = (
        (course.decided, "", "decided"),
        (course.closed, "", "closed"),
        (course.reopened_last, "closed", "in_progress"),
        (course.closed_last, "", "closed"),
    )
    return [Step(at, old, new) for at, old, new in moves if at]


def _people(services: Services, session: Session, shops: Sequence[str], window: Period) -> Sequence[People]:
    """Who came back. Most of the work of the five numbers, and all over when it is looked at: so it is once an hour."""
    known, asked, hour = services.came_back, (tuple(shops), window), _hour(services.clock())
    if asked in known:
        return known[asked][1]
    for other in [other for other, (counted, _) in list(known.items()) if counted != hour]:
        known.pop(other, None)
    found = rows.returned(session, shops, window.start, window.end, kpis.RETURN_WINDOW.days)
    people = [People(GROUPS[told], count, back) for told, count, back in found]
    known[asked] = (hour, people)
    return people
