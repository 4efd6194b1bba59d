"""What has to be looked at again in a database that is older than the world around it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from integration.db.tables import DeskSession, FollowUpRow, Invitation, MailRow, OrderRow, Task


def waiting_mails(session: Session, now: datetime) -> Sequence[tuple[Task, MailRow]]:
    """Mails that were about to leave."""
    due = (Task.kind == "SendMail", Task.state == "ready", col(Task.due_at) <= now)
    return session.exec(select(Task, MailRow).where(*due, MailRow.id == Task.subject)).all()


def waiting_followups(session: Session, now: datetime) -> Sequence[tuple[Task, FollowUpRow]]:
    """Follow-ups that were due."""
    due = (Task.kind == "RunFollowUp", Task.state == "ready", col(Task.due_at) <= now)
    return session.exec(select(Task, FollowUpRow).where(*due, FollowUpRow.id == Task.subject)).all()


def end_sessions(session: Session) -> None:
    """Everybody logs in again, and nobody by an invitation that may have been used since."""
    session.execute(delete(DeskSession))
    session.execute(delete(Invitation))


def erased_orders(session: Session) -> set[tuple[str, str]]:
    """Shop and store's id of every order whose person was erased."""
    erased = select(OrderRow.shop_id, OrderRow.ref).where(col(OrderRow.erased_at).is_not(None))
    return {(shop, ref) for shop, ref in session.exec(erased)}
