"""Complaints: opened, acknowledged, decided, closed; and what the shopper sees of hers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import complaints as rows
from integration.db.queries import orders, shops
from integration.db.queries.history import of_subject
from integration.db.tables import ComplaintRow, OrderRow, Shop
from integration.domain.errors import BadForm, Conflict
from integration.domain.ids import new_id, spoken_number
from integration.domain.policy import CAUSES, WISHES
from integration.flows import deciding, history, linking, mails, order_notes
from integration.flows.services import Services
from integration.flows.shops import policy_of, zone_of
from integration.flows.visits import Visit, known_visit, shop_of, visit_of
from integration.rules import promise
from integration.rules.complaints import severity

TEXT_MAX = 4000
_SHOWN = ("received", "acknowledged", "in_progress", "waiting_customer", "decided", "fixed", "closed")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a complaint in the shopper's eyes: `code` for `pages.steps`."""

    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint as the shopper follows it; codes for the catalogue, times in UTC."""

    number: str
    state: str
    cause: str
    wish: str
    fix: str
    opened_at: datetime
    due_at: datetime
    fixed_at: datetime | None
    steps: tuple[Step, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class ComplaintsView:
    """The complaint page: her open and past complaints about this order, newest first, and the form."""

    visit: Visit
    complaints: tuple[ComplaintView, ...]


def page(services: Services, token: str) -> ComplaintsView:
    """What the page shows; writes nothing."""
    with services.db.reading() as session:
        visit = visit_of(session, services, "c", token)
        found = rows.of_order(session, visit.shop_id, visit.order_id)
        return ComplaintsView(visit, tuple(view(session, case) for case in reversed(found)))


def complain(services: Services, token: str, form: Mapping[str, str], locale: str) -> ComplaintView:
    """Open a complaint from fields `cause`, `text`, `wish`; the same one sent twice stays one. `BadForm`."""
    cause, wish = form.get("cause", ""), form.get("wish", "")
    if cause not in CAUSES:
        raise BadForm("cause_missing", field="cause")
    if wish and wish not in WISHES:
        raise BadForm("bad_choice", field="wish")
    text = form.get("text", "").strip()
    if len(text) > TEXT_MAX:
        raise BadForm("text_too_long", field="text", most=TEXT_MAX)
    now = services.clock()
    with services.db.writing_for(shop_of("c", token, services.clock())) as session:
        visit = known_visit(session, services, "c", token, now)
        shop = shops.lock_shop(session, visit.shop_id)
        row = orders.get(session, visit.shop_id, visit.order_id)
        case = open_complaint(session, services, shop, row, cause, text, wish, "form", now)
        shown = view(session, case)
    services.checkpoint("answer_committed")
    services.wake()
    return shown


def open_complaint(
    session: Session,
    services: Services,
    shop: Shop,
    row: OrderRow,
    cause: str,
    text: str,
    wish: str,
    source: str,
    now: datetime,
) -> ComplaintRow:
    """A new complaint, acknowledged and decided in one transaction; an open one of the same cause takes the words.

    The caller holds the shop's lock. `Conflict("erased")` when the shopper of this order is not known any more.
    """
    if row.erased_at:
        raise Conflict("erased")
    for same in rows.of_order(session, shop.id, row.id):
        if same.cause == cause and same.state != "closed":
            _repeat(session, services, same, text, wish, now)
            return same
    _, policy = policy_of(session, services, shop)
    case = ComplaintRow(
        id=new_id("complaint", now), shop_id=shop.id, order_id=row.id, number=spoken_number("C"), source=source,
        cause=cause, severity=severity(cause, text), wish=wish, text=text[:TEXT_MAX],
        due_at=promise.due(policy.promise, now, zone_of(shop)), opened_at=now,
    )  # fmt: skip
    session.add(case)
    session.flush()
    history.note(session, shop.id, case.id, now, "shopper", "", "received", cause)
    linking.order_links(session, services, shop.id, row.id, now)
    mails.queue(
        session, services, shop, "complaint_ack", f"complaint_ack:{case.id}", now, order_id=row.id, complaint_id=case.id
    )
    order_notes.ask(session, shop.id, "opened", case.id, now)
    deciding.settle(session, services, shop, case, now)
    return case


def tell_more(
    session: Session, services: Services, shop: Shop, row: OrderRow, cause: str, text: str, now: datetime
) -> None:
    """An answer that had opened a complaint was edited: its case takes the words, and danger never waits (C4).

    The caller holds the shop's lock.
    """
    known = [case for case in rows.of_order(session, shop.id, row.id) if case.state != "closed"]
    if known:
        _repeat(session, services, known[-1], text, "", now, cause)
    elif severity(cause, text) == "urgent":
        open_complaint(session, services, shop, row, "danger", text, "", "survey", now)


def _repeat(
    session: Session, services: Services, case: ComplaintRow, text: str, wish: str, now: datetime, cause: str = ""
) -> None:
    if severity(cause, text) == "urgent" and case.severity != "urgent":
        case.severity = "urgent"
        deciding.hand_to_person(session, services, case, ("danger",), now)
    if text and text not in case.text:
        case.text = f"{case.text}\n\n{text}".strip()[:TEXT_MAX]
        history.note(session, case.shop_id, case.id, now, "shopper", case.state, case.state, "told_more")
    case.wish = wish or case.wish


def acknowledged(session: Session, case: ComplaintRow, now: datetime) -> None:
    """The acknowledgement was accepted by the mail server; the moment counts even when the case has moved on."""
    if case.state == "received":
        deciding.move(session, case, "acknowledged", "system", now)
    else:
        history.note(session, case.shop_id, case.id, now, "system", case.state, "acknowledged")


def view(session: Session, case: ComplaintRow) -> ComplaintView:
    """The complaint in the shopper's eyes."""
    steps = [Step(line.at, line.to_state) for line in of_subject(session, case.shop_id, case.id)]
    first = {step.code: step for step in reversed(steps)}
    return ComplaintView(
        case.number, case.state, case.cause, case.wish, case.fix, case.opened_at, case.due_at, case.fixed_at,
        tuple(first[code] for code in _SHOWN if code in first), case.source,
    )  # fmt: skip
