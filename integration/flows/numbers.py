"""The five numbers of some shops: gathers the rows, asks the formulas; page and export read the same lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import numbers as rows
from integration.db.tables import HistoryRow
from integration.flows.services import Services
from integration.rules import kpis
from integration.rules.kpis import Case, Customer, Group, Line, Period, Step

PERIODS = (7, 30, 90, 365)


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
        *kpis.retention(_customers(session, shops, _window(period))),
        *kpis.redemption(*reversed(rows.codes(session, shops, *span))),
    )


def _cases(session: Session, shops: Sequence[str], period: Period) -> list[Case]:
    span = (period.start, period.end)
    told, steps = defaultdict[str, list[datetime]](list), defaultdict[str, list[HistoryRow]](list)
    for complaint, at in rows.told(session, shops, *span):
        told[str(complaint)] += [at] if at else []
    for step in rows.steps(session, shops, *span):
        steps[step.subject].append(step)
    return [
        _case(cause, opened_at, steps[complaint], told[complaint])
        for complaint, cause, opened_at in rows.complaints(session, shops, *span)
    ]


def _case(cause: str, opened_at: datetime, steps: Sequence[HistoryRow], told: Sequence[datetime]) -> Case:
    first, final = kpis.resolved([Step(step.at, step.from_state, step.to_state) for step in steps], told)
    return Case(
        cause=cause,
        opened_at=opened_at,
        acknowledged_at=next((step.at for step in steps if step.to_state == "acknowledged"), None),
        replied_at=next((step.at for step in steps if _by_a_person(step)), None),
        first_resolved_at=first,
        resolved_at=final,
    )


def _by_a_person(step: HistoryRow) -> bool:
    """Whether the shopper heard from a person: her words, or her decision."""
    return step.reason == "first_human_reply" or (step.actor == "owner" and step.to_state == "decided")


def _customers(session: Session, shops: Sequence[str], window: Period) -> list[Customer]:
    groups: dict[tuple[str, str], Group] = {}
    for shop, who in rows.answerers(session, shops, window.start):
        groups[shop, who] = "answered"
    for shop, who, state in rows.complainers(session, shops, window.start):
        solved = state in ("decided", "closed") and groups.get((shop, who)) != "unresolved"
        groups[shop, who] = "resolved" if solved else "unresolved"
    return [
        Customer(at, again, groups.get((shop, who), "silent"))
        for shop, who, at, again in rows.buyers(session, shops, window.start, window.end)
        if at
    ]
