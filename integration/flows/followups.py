"""Runs a follow-up when it is due: asks the rules again, then puts the mail; and lets a delivery be assumed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import orders, shops
from integration.db.queries import outbox as rows
from integration.db.tables import FollowUpRow, Task
from integration.flows import history, intake, labels, mails
from integration.flows.known import unwanted
from integration.flows.services import Services
from integration.rules import transitions


def run(services: Services, task: Task) -> Callable[[Session, datetime], None] | None:
    """Skip it with its reason, or make the label and queue the mail; either way the follow-up is settled once."""
    with services.db.reading() as session:
        step = rows.followup(session, task.shop_id, task.subject)
        if step.state != "planned":
            return None
        reason = _reason_to_skip(services, session, step)
    note = labels.for_mail(services, step) if step.kind == "label" and not reason else ""

    def settle(session: Session, now: datetime) -> None:
        _settle(services, session, rows.followup(session, task.shop_id, task.subject), reason, note, now)

    return settle


def _reason_to_skip(services: Services, session: Session, step: FollowUpRow) -> str:
    row = orders.get(session, step.shop_id, step.order_id)
    shop = shops.shop(session, step.shop_id)
    return unwanted(session, services, shop, row, step.kind, services.clock()) or ""


def _settle(services: Services, session: Session, step: FollowUpRow, reason: str, note: str, now: datetime) -> None:
    state = "skipped" if reason else "done"
    if not transitions.allowed("followup", step.state, state):
        return
    history.note(session, step.shop_id, step.id, now, "policy", step.state, state, reason or note)
    step.state, step.reason = state, reason or note
    if not reason:
        shop = shops.shop(session, step.shop_id)
        context = {"subject": step.key}
        mails.queue(session, services, shop, step.kind, step.key, now, order_id=step.order_id, context=context)


def assume_delivered(services: Services, task: Task) -> Callable[[Session, datetime], None]:
    """The wait after "shipped" is over: if nothing spoke against it, the order counts as delivered."""

    def settle(session: Session, now: datetime) -> None:
        shop = shops.shop(session, task.shop_id)
        row = orders.get(session, task.shop_id, task.subject)
        intake.settle(session, services, shop, row, now)

    return settle
