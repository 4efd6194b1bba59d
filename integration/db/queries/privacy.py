"""Finds and empties what we keep about a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from integration.db.tables import AnswerRow, CaseNote, ComplaintRow, LabelRow, LinkRow, MailRow, Receipt, ReturnRow

_IDS = ("code_id", "subject")  # what a mail's context may keep


def erase_texts(session: Session, shop_id: str, order_id: str) -> None:
    """Empty answers, returns, mails, labels and notes of an order of everything personal."""
    for table in (AnswerRow, ReturnRow):
        mine = (col(table.shop_id) == shop_id, col(table.order_id) == order_id)
        session.execute(update(table).where(*mine).values(text=""))
    labels = (col(LabelRow.shop_id) == shop_id, col(LabelRow.order_id) == order_id)
    session.execute(update(LabelRow).where(*labels).values(pdf=None))
    for mail in session.exec(select(MailRow).where(MailRow.shop_id == shop_id, MailRow.order_id == order_id)):
        mail.context = {name: mail.context[name] for name in _IDS if name in mail.context}
    cases = select(ComplaintRow.id).where(ComplaintRow.shop_id == shop_id, ComplaintRow.order_id == order_id)
    session.execute(update(CaseNote).where(col(CaseNote.complaint_id).in_(cases)).values(text=""))


def revoke_links(session: Session, shop_id: str, subject: str, now: datetime) -> None:
    """End the links about a subject, all but the preferences."""
    mine = (col(LinkRow.shop_id) == shop_id, col(LinkRow.subject) == subject, col(LinkRow.purpose) != "u")
    session.execute(update(LinkRow).where(*mine).values(revoked_at=now))


def empty_bodies(session: Session, before: datetime) -> None:
    """Webhook bodies older than this go; their keys stay."""
    old = (col(Receipt.received_at) < before, col(Receipt.state) != "kept", col(Receipt.body) != b"")
    session.execute(update(Receipt).where(*old).values(body=b""))
