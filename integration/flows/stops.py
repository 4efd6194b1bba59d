"""Work that stopped: tasks that are dead or of which nobody knows whether they happened; tried again or let go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from integration.db.queries import complaints, lists, shops
from integration.db.queries import mails as mail_rows
from integration.db.queries.lists import NOTHING, Behind
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
        about = lists.behind(session, who.shops, [(task.kind, _named(task)) for task in found])
        return tuple(_stop(task, names[task.shop_id], about.get(_named(task), NOTHING)) for task in found)


def _named(task: Task) -> str:
    """The id in its subject; that of `NoteOrder` says first what is noted."""
    return task.subject.rpartition(":")[2]


def _stop(task: Task, shop: str, about: Behind) -> Stop:
    return Stop(
        id=task.id,
        kind=task.kind,
        mail=about.mail,
        mail_id=task.subject if about.mail else "",
        shop=shop,
        order_id=about.order_id,
        order=about.order,
        reason=task.reason,
        unsure=task.state == "ambiguous",
        at=task.done_at or task.created_at,
    )


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
