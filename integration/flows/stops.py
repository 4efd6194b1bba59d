"""Work that stopped: tasks that are dead or of which nobody knows whether they happened; tried again or let go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import complaints, lists, outbox, shops
from integration.db.queries import mails as mail_rows
from integration.db.queries import orders as order_rows
from integration.db.tables import Task
from integration.domain.errors import Conflict
from integration.flows import history
from integration.flows.accounts import Person
from integration.flows.services import Services
from integration.rules import transitions

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Stop:
    """One piece of work: what it was (`kind`, for mails `mail`), about which order, and the code of why it stopped.

    `unsure`: it may have happened all the same; trying again may do it twice.
    """

    id: str
    kind: str
    mail: str
    mail_id: str
    shop: str
    order_id: str
    order: str
    reason: str
    unsure: bool
    at: datetime


def listed(services: Services, who: Person) -> tuple[Stop, ...]:
    """What stopped last, in her shops."""
    with services.db.reading() as session:
        names = {shop.id: shop.name for shop in shops.all_shops(session)}
        found = lists.stopped(session, who.shops, SHOWN)
        return tuple(_stop(session, task, names[task.shop_id]) for task in found)


def _stop(session: Session, task: Task, shop: str) -> Stop:
    mail = mail_rows.get(session, task.shop_id, task.subject) if task.kind == "SendMail" else None
    order_id = mail.order_id if mail else _order_of(session, task)
    row = order_rows.get(session, task.shop_id, order_id) if order_id else None
    return Stop(
        id=task.id,
        kind=task.kind,
        mail=mail.kind if mail else "",
        mail_id=mail.id if mail else "",
        shop=shop,
        order_id=order_id or "",
        order=(row.number or row.ref) if row else "",
        reason=task.reason,
        unsure=task.state == "ambiguous",
        at=task.done_at or task.created_at,
    )


def _order_of(session: Session, task: Task) -> str:
    if task.kind in ("CreateDiscount", "RevokeDiscount"):
        return complaints.code(session, task.shop_id, task.subject).order_id
    if task.kind == "RunFollowUp":
        return outbox.followup(session, task.shop_id, task.subject).order_id
    if task.kind == "NoteOrder":
        return complaints.get(session, task.shop_id, task.subject.partition(":")[2]).order_id
    return task.subject if task.kind == "AssumeDelivered" else ""


def retry(services: Services, who: Person, task_id: str) -> None:
    """Do it again now; a code that was given up is not, since its case went to a person. `Conflict`."""
    now = services.clock()
    with services.db.writing() as session:
        task = lists.task(session, who.shops, task_id)
        if task.state == "ready":
            return  # asked for twice
        if task.kind == "CreateDiscount" and complaints.code(session, task.shop_id, task.subject).state == "revoked":
            raise Conflict("code_given_up")
        _still_stopped(task)
        history.note(session, task.shop_id, task.id, now, "owner", task.state, "ready", task.reason)
        task.state = transitions.moved("task", task.state, "ready")
        task.due_at, task.attempts, task.reason, task.tried_at, task.done_at = now, 0, "", None, None
        task.lapses, task.useless_after, task.failing_since = 0, None, None
        if task.kind == "SendMail":
            mail = mail_rows.get(session, task.shop_id, task.subject)
            mail.state, mail.reason = transitions.moved("mail", mail.state, "queued"), ""
    services.wake()


def retry_all(services: Services, who: Person) -> int:
    """Everything again that surely did not happen, as after an outage; how many. What is in doubt is left alone."""
    tried = 0
    for stop in listed(services, who):
        if not stop.unsure:
            with suppress(Conflict):  # given up, or somebody was faster
                retry(services, who, stop.id)
                tried += 1
    return tried


def discard(services: Services, who: Person, task_id: str) -> None:
    """Let it go: it is not shown any more, and never tried again."""
    now = services.clock()
    with services.db.writing() as session:
        task = lists.task(session, who.shops, task_id)
        _still_stopped(task)
        history.note(session, task.shop_id, task.id, now, "owner", task.state, "discarded", task.reason)
        task.reason = "discarded"


def _still_stopped(task: Task) -> None:
    if task.state not in ("dead", "ambiguous"):
        raise Conflict("illegal_move", old=task.state)
