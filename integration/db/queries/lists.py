"""What the desk asks for of some shops: one thing by its id, what stopped or stands still, and how much there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from sqlalchemy import func, literal, text
from sqlmodel import Session, col, select

from integration.db.tables import (
    OPEN_MAILS,
    CaseNote,
    CodeRow,
    ComplaintRow,
    FollowUpRow,
    MailRow,
    OrderRow,
    Pause,
    Receipt,
    Task,
)
from integration.domain.errors import NotFound

Shops = Sequence[str]
UNDONE = ("received", "acknowledged", "in_progress", "waiting_customer", "decided")

# Word for word the conditions of the partial indexes: with a parameter in their place SQLite would not use them.
NOT_CLOSED = text("complaints.state <> 'closed'")
CLOSED = text("complaints.state = 'closed'")
OPEN_MAIL = text(f"mails.state IN {OPEN_MAILS}")
PREVIEWED = text("mails.state = 'skipped' AND mails.reason = 'preview'")
STOPPED = text("tasks.state IN ('ambiguous', 'dead')")
PUT_OFF = text("tasks.state = 'ready' AND tasks.reason <> ''")
ODD = text("receipts.state IN ('unreadable', 'failed', 'ignored')")


def open_cases(session: Session, shops: Shops, states: Sequence[str] = UNDONE) -> int:
    """How many complaints are in these of the `UNDONE` states."""
    mine = (col(ComplaintRow.shop_id).in_(shops), NOT_CLOSED, col(ComplaintRow.state).in_(states))
    return session.exec(select(func.count()).select_from(ComplaintRow).where(*mine)).one()


def complaint(session: Session, shops: Shops, complaint_id: str) -> ComplaintRow:
    """The complaint by our id; `NotFound("no_complaint")` also for another shop's."""
    mine = (col(ComplaintRow.shop_id).in_(shops), ComplaintRow.id == complaint_id)
    found = session.exec(select(ComplaintRow).where(*mine)).first()
    if found is None:
        raise NotFound("no_complaint", complaint=complaint_id[:40])
    return found


def notes(session: Session, shop_id: str, complaint_id: str) -> Sequence[CaseNote]:
    """What the desk wrote about a case, oldest first."""
    mine = (CaseNote.shop_id == shop_id, CaseNote.complaint_id == complaint_id, CaseNote.text != "")
    return session.exec(select(CaseNote).where(*mine).order_by(CaseNote.id)).all()


def orders_called(session: Session, shops: Shops, number: str, people: Sequence[str], most: int) -> Sequence[OrderRow]:
    """Orders of one of these people, or, where none is named, of this number, with or without its `#`."""
    names = (number, f"#{number}", number.removeprefix("#"))
    called = col(OrderRow.customer_key).in_(people) if people else col(OrderRow.number).in_(names)
    mine = select(OrderRow).where(col(OrderRow.shop_id).in_(shops), called).limit(most)
    # sorted here: told to sort, SQLite walks through every order from the newest
    return sorted(session.exec(mine).all(), key=lambda row: row.created_at, reverse=True)


def order(session: Session, shops: Shops, order_id: str) -> OrderRow:
    """The order by our id; `NotFound("no_order")` also for another shop's."""
    mine = (col(OrderRow.shop_id).in_(shops), OrderRow.id == order_id)
    found = session.exec(select(OrderRow).where(*mine)).first()
    if found is None:
        raise NotFound("no_order", order=order_id[:40])
    return found


def mail(session: Session, shops: Shops, mail_id: str) -> MailRow:
    """The mail by our id; `NotFound("no_mail")` also for another shop's."""
    mine = (col(MailRow.shop_id).in_(shops), MailRow.id == mail_id)
    found = session.exec(select(MailRow).where(*mine)).first()
    if found is None:
        raise NotFound("no_mail", mail=mail_id[:40])
    return found


def stopped(session: Session, shops: Shops, most: int) -> Sequence[Task]:
    """Work that ended without its effect, or with an effect nobody is sure of; the newest first."""
    mine = (col(Task.shop_id).in_(shops), STOPPED, Task.reason != "discarded")
    return session.exec(select(Task).where(*mine).order_by(col(Task.done_at).desc()).limit(most)).all()


def stopped_count(session: Session, shops: Shops) -> int:
    """How much of it there is."""
    mine = (col(Task.shop_id).in_(shops), STOPPED, Task.reason != "discarded")
    return session.exec(select(func.count(col(Task.id))).where(*mine)).one()


@dataclass(frozen=True, slots=True)
class Behind:
    """What a task is about: the kind of its mail, if it is one, and the order."""

    mail: str = ""
    order_id: str = ""
    order: str = ""


NOTHING = Behind()
_BEHIND: Mapping[str, Any] = {
    "SendMail": MailRow, "CreateDiscount": CodeRow, "RevokeDiscount": CodeRow, "RunFollowUp": FollowUpRow,
    "NoteOrder": ComplaintRow, "AssumeDelivered": OrderRow,
}  # fmt: skip
"""By kind of task, the table that the id in its subject is of."""


def behind(session: Session, shops: Shops, named: Iterable[tuple[str, str]]) -> dict[str, Behind]:
    """By the id that a task names, what it is about; one statement for each kind of thing."""
    ids = defaultdict[Any, set[str]](set)
    for kind, each in named:
        if kind in _BEHIND:
            ids[_BEHIND[kind]].add(each)
    found: dict[str, Behind] = {}
    for table, those in ids.items():
        found |= {each: about for each, shop, about in _behind(session, table, those) if shop in shops}
    return found


def _behind(session: Session, table: Any, ids: Collection[str]) -> Iterator[tuple[str, str, Behind]]:
    """With the shop, which is looked at here: beside it SQLite would not go by the ids."""
    order_id: Any = table.id if table is OrderRow else table.order_id
    mail: Any = table.kind if table is MailRow else literal("")
    number = func.coalesce(func.nullif(col(OrderRow.number), ""), col(OrderRow.ref), "")
    query = sql.select(table.id, table.shop_id, mail, order_id, number).select_from(table).where(table.id.in_(ids))
    if table is not OrderRow:
        query = query.join(OrderRow, col(OrderRow.id) == order_id, isouter=True)
    for each, shop, kind, order, name in session.execute(query):
        yield each, shop, Behind(kind, order or "", name)


def put_off(session: Session, shop_id: str, reason: str) -> tuple[int, datetime | None]:
    """How many tasks were put off for one reason, and until when the last of them."""
    mine = (Task.shop_id == shop_id, PUT_OFF, Task.reason == reason)
    return session.exec(select(func.count(), func.max(Task.due_at)).select_from(Task).where(*mine)).one()


def task(session: Session, shops: Shops, task_id: str) -> Task:
    """The task by our id; `NotFound("no_task")` also for another shop's."""
    found = session.exec(select(Task).where(col(Task.shop_id).in_(shops), Task.id == task_id)).first()
    if found is None:
        raise NotFound("no_task", task=task_id[:40])
    return found


def odd_receipts(session: Session, shops: Shops, states: Sequence[str], most: int) -> Sequence[Receipt]:
    """Webhooks that nobody could act on, the newest first."""
    mine = (ODD, col(Receipt.state).in_(states), col(Receipt.shop_id).in_(shops))
    return session.exec(select(Receipt).where(*mine).order_by(col(Receipt.id).desc()).limit(most)).all()


def receipt(session: Session, shops: Shops, receipt_id: str) -> Receipt:
    """The webhook by our id; `NotFound("no_receipt")` also for another shop's."""
    found = session.exec(select(Receipt).where(col(Receipt.shop_id).in_(shops), Receipt.id == receipt_id)).first()
    if found is None:
        raise NotFound("no_receipt", receipt=receipt_id[:40])
    return found


def pauses(session: Session, shops: Shops) -> Sequence[Pause]:
    """Streams of these shops that stand still."""
    return session.exec(select(Pause).where(col(Pause.shop_id).in_(shops)).order_by(col(Pause.since))).all()


def last_heard(session: Session, shop_id: str) -> datetime | None:
    """When the shop's last webhook came."""
    return session.exec(select(func.max(Receipt.received_at)).where(Receipt.shop_id == shop_id)).one()


def mails_between(session: Session, shop_id: str, start: datetime, end: datetime) -> int:
    """How many mails to shoppers left in a time."""
    mine = (
        MailRow.shop_id == shop_id,
        col(MailRow.sent_at) >= start,
        col(MailRow.sent_at) < end,
        ~col(MailRow.kind).startswith("owner_"),
    )
    return session.exec(select(func.count(col(MailRow.id))).where(*mine)).one()


def mails_waiting(session: Session, shop_id: str) -> int:
    """How many mails to shoppers have not left yet and should."""
    mine = (
        MailRow.shop_id == shop_id,
        OPEN_MAIL,
        col(MailRow.state).in_(("queued", "sending")),
        ~col(MailRow.kind).startswith("owner_"),
    )
    return session.exec(select(func.count(col(MailRow.id))).where(*mine)).one()


def mail_known(session: Session, shop_id: str, key: str) -> bool:
    """Whether this mail was asked for before."""
    return session.exec(select(MailRow.id).where(MailRow.shop_id == shop_id, MailRow.key == key)).first() is not None


def late_cases(session: Session, shop_id: str, now: datetime) -> int:
    """How many complaints are past their promised day."""
    mine = (ComplaintRow.shop_id == shop_id, ComplaintRow.due_at < now, NOT_CLOSED)
    return session.exec(select(func.count()).select_from(ComplaintRow).where(*mine)).one()


def mails_kept_back(session: Session, shop_id: str) -> int:
    """How many mails a preview built and did not send."""
    mine = (MailRow.shop_id == shop_id, PREVIEWED)
    return session.exec(select(func.count()).select_from(MailRow).where(*mine)).one()


def planned_followups(session: Session, shop_id: str) -> Sequence[FollowUpRow]:
    """Everything planned that waits for its day."""
    mine = (FollowUpRow.shop_id == shop_id, FollowUpRow.state == "planned")
    return session.exec(select(FollowUpRow).where(*mine).order_by(FollowUpRow.id)).all()
