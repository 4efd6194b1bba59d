"""The survey: opened, answered, edited; an answer may open a complaint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlmodel import Session

from integration.db.queries import complaints as rows
from integration.db.queries import orders, shops, surveys
from integration.db.tables import AnswerRow, Intent
from integration.domain.ids import new_id
from integration.domain.policy import Cause
from integration.flows import complaints, history
from integration.flows.complaints import ComplaintView
from integration.flows.services import Services
from integration.flows.visits import Visit, known_visit, shop_of, visit_of
from integration.rules.surveys import Answer, can_edit, opens_complaint, read_answer


@dataclass(frozen=True, slots=True)
class Answered:
    """What she sent before."""

    score: int
    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class SurveyView:
    """The survey page: `answered` is shown, `editable` says whether it may still be changed (24 h)."""

    visit: Visit
    answered: Answered | None
    editable: bool
    complaint: ComplaintView | None


def page(services: Services, token: str) -> SurveyView:
    """What the page shows; writes nothing."""
    with services.db.reading() as session:
        return _view(session, visit_of(session, services, "s", token), services.clock())


def intend(services: Services, token: str, score: int) -> None:
    """A rating link was opened, by a person or a scanner: noted apart, never an answer."""
    if not 1 <= score <= 5:
        return
    now = services.clock()
    with services.db.reading() as session:
        visit = visit_of(session, services, "s", token)
        if surveys.intent(session, visit.shop_id, visit.order_id, score):
            return
    with services.db.writing(visit.shop_id) as session:
        if surveys.intent(session, visit.shop_id, visit.order_id, score) is None:
            row = Intent(
                id=new_id("intent", now), shop_id=visit.shop_id, order_id=visit.order_id, score=score, created_at=now
            )
            session.add(row)


def answer(services: Services, token: str, form: Mapping[str, str], locale: str) -> SurveyView:
    """Keep the answer of fields `score`, `cause`, `text`; `BadForm("bad_answer", field=…)`.

    Sent again within 24 h it is edited, later the first one stands. Two tabs at once make one answer.
    """
    given = read_answer(form)
    now = services.clock()
    with services.db.writing_for(shop_of("s", token, services.clock())) as session:
        visit = known_visit(session, services, "s", token, now)
        shop = shops.lock_shop(session, visit.shop_id)
        row = rows.answer(session, shop.id, visit.order_id)
        if row is None or can_edit(row.answered_at, now):
            previous = Answer(row.score, cast("Cause | None", row.cause), row.text) if row else None
            _keep(session, visit, row, given, locale, now)
            cause = opens_complaint(given, previous)
            order_row = orders.get(session, shop.id, visit.order_id)
            if previous is not None and not cause:
                complaints.tell_more(session, services, shop, order_row, given.cause or "", given.text, now)
            if cause:
                complaints.open_complaint(session, services, shop, order_row, cause, given.text, "", "survey", now)
        session.flush()
        shown = _view(session, visit, now)
    services.checkpoint("answer_committed")
    services.wake()
    return shown


def _keep(session: Session, visit: Visit, row: AnswerRow | None, given: Answer, locale: str, now: datetime) -> None:
    if row is None:
        row = AnswerRow(
            id=new_id("answer", now), shop_id=visit.shop_id, order_id=visit.order_id,
            score=given.score, answered_at=now,
        )  # fmt: skip
        session.add(row)
        history.note(session, visit.shop_id, row.id, now, "shopper", "", "answered")
    elif (row.score, row.cause, row.text) != (given.score, given.cause, given.text):
        row.edited_at = now
        history.note(session, visit.shop_id, row.id, now, "shopper", "answered", "edited")
    row.score, row.cause, row.text, row.locale = given.score, given.cause, given.text, locale


def _view(session: Session, visit: Visit, now: datetime) -> SurveyView:
    row = rows.answer(session, visit.shop_id, visit.order_id)
    found = rows.of_order(session, visit.shop_id, visit.order_id)
    answered = Answered(row.score, row.cause or "", row.text) if row else None
    opened = complaints.view(session, found[-1]) if found else None
    return SurveyView(visit, answered, row is None or can_edit(row.answered_at, now), opened)
