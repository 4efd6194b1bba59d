"""Mails: queued with their Message-ID, asked about again at send, built anew from rows, sent once."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlmodel import Session

from emails.catalogue import KINDS
from emails.message import new_message_id
from integration.db.queries import complaints, orders, shops
from integration.db.queries import mails as rows
from integration.db.queries import outbox as tasks
from integration.db.tables import MailRow, OrderRow, Shop, Task
from integration.domain.errors import Ambiguous
from integration.domain.ids import new_id
from integration.flows import mail_building
from integration.flows.known import unwanted
from integration.flows.services import Services


def queue(
    session: Session,
    services: Services,
    shop: Shop,
    kind: str,
    key: str,
    now: datetime,
    *,
    order_id: str | None = None,
    complaint_id: str | None = None,
    context: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> MailRow:
    """Ask for a mail, at once or at `due_at`; the same key asks only once. Its Message-ID never changes (A18)."""
    known = rows.by_key(session, shop.id, key)
    if known is not None:
        return known
    mail_id = new_id("mail", now)
    row = MailRow(
        id=mail_id, shop_id=shop.id, order_id=order_id, complaint_id=complaint_id, kind=kind, key=key,
        message_id=new_message_id(mail_id, _sender_domain(services)), context=context or {}, created_at=now,
    )  # fmt: skip
    session.add(row)
    useless_after = now + KINDS[kind].useless_after
    tasks.put_task(session, shop.id, "SendMail", mail_id, now, due_at=due_at, useless_after=useless_after)
    return row


def _sender_domain(services: Services) -> str:
    return parseaddr(services.settings.shop.from_)[1].rpartition("@")[2] or "localhost"


def send(services: Services, task: Task) -> None:
    """Send one mail unless it is no longer wanted; `SinkError` as the transport says."""
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        row = rows.get(session, task.shop_id, task.subject)
        if row.state in ("sent", "skipped", "dead"):
            return
        if row.state == "sending":
            # We died between here and the verdict: it may be out (E4).
            raise Ambiguous("mail_interrupted")
        shop = shops.shop(session, row.shop_id)
        order = orders.get(session, shop.id, row.order_id) if row.order_id else None
        reason = _unwanted(session, services, shop, row, order, now)
        if reason:
            row.state, row.reason = "skipped", reason
            return
        message = mail_building.message_of(session, services, shop, row, order, now)
        row.state, row.copies = "sending", row.copies + 1
    services.checkpoint("mail_sending")
    services.transport.send(message, kind=row.kind, mail_id=row.id, at=now)
    services.checkpoint("mail_accepted")


def _unwanted(
    session: Session, services: Services, shop: Shop, row: MailRow, order: OrderRow | None, now: datetime
) -> str | None:
    reason = unwanted(session, services, shop, order, row.kind, now) if order else None
    if row.kind == "discount_code" and complaints.code(session, shop.id, row.context["code_id"]).state == "revoked":
        reason = reason or "code_revoked"
    if shop.state == "preview" and KINDS[row.kind].category != "internal":
        reason = reason or "preview"  # built and shown at the desk, never sent
    return reason
