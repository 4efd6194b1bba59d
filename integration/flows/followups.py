"""Runs a follow-up when it is due: asks the rules again, then puts the mail; and lets a delivery be assumed."""

from __future__ import annotations

from sqlmodel import Session

from integration.db.queries import orders, shops
from integration.db.queries import outbox as rows
from integration.db.tables import FollowUpRow, Task
from integration.flows import history, intake, labels, mails
from integration.flows.known import unwanted
from integration.flows.services import Services
from integration.rules import transitions


def run(services: Services, task: Task) -> None:
    """Skip it with its reason, or make the label and queue the mail; either way the follow-up is settled once."""
    reason = _still_planned(services, task)
    if reason is None:
        return
    with services.db.reading() as session:
        step = rows.followup(session, task.shop_id, task.subject)
    note = labels.for_mail(services, step) if step.kind == "label" and not reason else ""
    with services.db.writing(task.shop_id) as session:
        _settle(services, session, rows.followup(session, task.shop_id, task.subject), reason, note)
    services.checkpoint("followup_settled")


def _still_planned(services: Services, task: Task) -> str | None:
    """`None` when it was settled before, else the reason to skip it, empty to go on."""
    now = services.clock()
    with services.db.reading() as session:
        step = rows.followup(session, task.shop_id, task.subject)
        if step.state != "planned":
            return None
        row = orders.get(session, step.shop_id, step.order_id)
        shop = shops.shop(session, step.shop_id)
        return unwanted(session, services, shop, row, step.kind, now) or ""


def _settle(services: Services, session: Session, step: FollowUpRow, reason: str, note: str) -> None:
    now = services.clock()
    state = "skipped" if reason else "done"
    if not transitions.allowed("followup", step.state, state):
        return
    history.note(session, step.shop_id, step.id, now, "policy", step.state, state, reason or note)
    step.state, step.reason = state, reason or note
    if not reason:
        shop = shops.shop(session, step.shop_id)
        context = {"subject": step.key}
        mails.queue(session, services, shop, step.kind, step.key, now, order_id=step.order_id, context=context)


def assume_delivered(services: Services, task: Task) -> None:
    """The wait after "shipped" is over: if nothing spoke against it, the order counts as delivered."""
    with services.db.writing(task.shop_id) as session:
        shop = shops.shop(session, task.shop_id)
        row = orders.get(session, task.shop_id, task.subject)
        intake.settle(session, services, shop, row, services.clock())
