"""What the desk lists: cases, orders, mails and stopped work of some shops, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from integration.db.tables import CaseNote, ComplaintRow, FollowUpRow, MailRow, OrderRow, Pause, Receipt, Task
from integration.domain.errors import NotFound

Shops = Sequence[str]
UNDONE = ("received", "acknowledged", "in_progress", "waiting_customer", "decided")


def cases(
    session: Session, shops: Shops, states: Sequence[str], cause: str, mine: str, most: int, skip: int
) -> Sequence[tuple[ComplaintRow, str]]:
    """Complaints with their order's number: urgent ones first, then by due time; closed ones by when they closed."""
    query = select(ComplaintRow, OrderRow.number).where(
        col(ComplaintRow.shop_id).in_(shops), col(ComplaintRow.state).in_(states), OrderRow.id == ComplaintRow.order_id
    )
    if cause:
        query = query.where(ComplaintRow.cause == cause)
    if mine:
        query = query.where(ComplaintRow.assignee == mine)
    urgent = case((col(ComplaintRow.severity) == "urgent", 0), else_=1)
    order = (
        (col(ComplaintRow.closed_at).desc(),) if "closed" in states else (urgent, col(ComplaintRow.due_at))
    )  # fmt: skip
    return session.exec(query.order_by(*order, ComplaintRow.id).offset(skip).limit(most)).all()


def open_cases(session: Session, shops: Shops, states: Sequence[str] = UNDONE) -> int:
    """How many complaints are in these states."""
    mine = (col(ComplaintRow.shop_id).in_(shops), col(ComplaintRow.state).in_(states))
    return session.exec(select(func.count(col(ComplaintRow.id))).where(*mine)).one()


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


def orders(session: Session, shops: Shops, most: int, skip: int) -> Sequence[OrderRow]:
    """The orders we heard of last."""
    mine = select(OrderRow).where(col(OrderRow.shop_id).in_(shops))
    newest = (col(OrderRow.created_at).desc(), col(OrderRow.id).desc())
    return session.exec(mine.order_by(*newest).offset(skip).limit(most)).all()


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


def mails(
    session: Session, shops: Shops, states: Sequence[str], reason: str, most: int, skip: int
) -> Sequence[tuple[MailRow, str | None]]:
    """Mails with their order's number, the newest first; `reason` picks those skipped for it."""
    query = select(MailRow, OrderRow.number).join(OrderRow, col(OrderRow.id) == col(MailRow.order_id), isouter=True)
    query = query.where(col(MailRow.shop_id).in_(shops))
    if states:
        query = query.where(col(MailRow.state).in_(states))
    if reason:
        query = query.where(MailRow.reason == reason)
    newest = (col(MailRow.created_at).desc(), col(MailRow.id).desc())
    return session.exec(query.order_by(*newest).offset(skip).limit(most)).all()


def mail(session: Session, shops: Shops, mail_id: str) -> MailRow:
    """The mail by our id; `NotFound("no_mail")` also for another shop's."""
    mine = (col(MailRow.shop_id).in_(shops), MailRow.id == mail_id)
    found = session.exec(select(MailRow).where(*mine)).first()
    if found is None:
        raise NotFound("no_mail", mail=mail_id[:40])
    return found


def stopped(session: Session, shops: Shops, most: int) -> Sequence[Task]:
    """Work that ended without its effect, or with an effect nobody is sure of; the newest first."""
    mine = (col(Task.shop_id).in_(shops), col(Task.state).in_(("dead", "ambiguous")), Task.reason != "discarded")
    return session.exec(select(Task).where(*mine).order_by(col(Task.done_at).desc()).limit(most)).all()


def stopped_count(session: Session, shops: Shops) -> int:
    """How much of it there is."""
    mine = (col(Task.shop_id).in_(shops), col(Task.state).in_(("dead", "ambiguous")), Task.reason != "discarded")
    return session.exec(select(func.count(col(Task.id))).where(*mine)).one()


def task(session: Session, shops: Shops, task_id: str) -> Task:
    """The task by our id; `NotFound("no_task")` also for another shop's."""
    found = session.exec(select(Task).where(col(Task.shop_id).in_(shops), Task.id == task_id)).first()
    if found is None:
        raise NotFound("no_task", task=task_id[:40])
    return found


def odd_receipts(session: Session, shops: Shops, states: Sequence[str], most: int) -> Sequence[Receipt]:
    """Webhooks that nobody could act on, the newest first."""
    mine = (col(Receipt.shop_id).in_(shops), col(Receipt.state).in_(states))
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
        col(MailRow.state).in_(("queued", "sending")),
        ~col(MailRow.kind).startswith("owner_"),
    )
    return session.exec(select(func.count(col(MailRow.id))).where(*mine)).one()


def mail_known(session: Session, shop_id: str, key: str) -> bool:
    """Whether this mail was asked for before."""
    return session.exec(select(MailRow.id).where(MailRow.shop_id == shop_id, MailRow.key == key)).first() is not None


def late_cases(session: Session, shop_id: str, now: datetime) -> int:
    """How many complaints are past their promised day."""
    mine = (ComplaintRow.shop_id == shop_id, ComplaintRow.due_at < now, col(ComplaintRow.state).in_(UNDONE))
    return session.exec(select(func.count(col(ComplaintRow.id))).where(*mine)).one()


def mails_kept_back(session: Session, shop_id: str) -> int:
    """How many mails a preview built and did not send."""
    mine = (MailRow.shop_id == shop_id, MailRow.state == "skipped", MailRow.reason == "preview")
    return session.exec(select(func.count(col(MailRow.id))).where(*mine)).one()


def planned_followups(session: Session, shop_id: str) -> Sequence[FollowUpRow]:
    """Everything planned that waits for its day."""
    mine = (FollowUpRow.shop_id == shop_id, FollowUpRow.state == "planned")
    return session.exec(select(FollowUpRow).where(*mine).order_by(FollowUpRow.id)).all()
