"""The five numbers of some shops: gathers the rows, asks the formulas; page and export read the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

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
    with services.db.reading() as session:
        now, before = (_lines(session, shops, one) for one in (period, period.before()))
    known = {line.name: line for line in before}
    return Numbers(days, period, _window(period), {line.name: Figure(line, known.get(line.name)) for line in now})


def _window(period: Period) -> Period:
    """Who was delivered to so long ago that she had her 90 days to come back."""
    return period.shifted(kpis.RETURN_WINDOW)


def _lines(session: Session, shops: Sequence[str], period: Period) -> tuple[Line, ...]:
    span = (period.start, period.end)
    cases = _cases(session, shops, period)
    return (
        *kpis.complaints(cases, rows.delivered(session, shops, *span)),
        *kpis.first_response(cases),
        *kpis.resolution(cases),
        *kpis.satisfaction(rows.scores(session, shops, *span), *rows.surveys(session, shops, *span)),
        *kpis.retention(_people(session, shops, _window(period))),
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


def _people(session: Session, shops: Sequence[str], window: Period) -> list[People]:
    found = rows.returned(session, shops, window.start, window.end, kpis.RETURN_WINDOW.days)
    return [People(GROUPS[told], count, back) for told, count, back in found]
