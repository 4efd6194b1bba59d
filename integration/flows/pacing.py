"""Lets labels and surveys wait when too many would leave at a time (A9); answers to people never wait."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlmodel import Session

from emails.catalogue import KINDS
from integration.db.queries import mails, orders, paces, shops
from integration.db.tables import MailRow, Task
from integration.flows.services import Services
from integration.rules import sending

DAY_FULL, DOMAIN_SLOW = "mail_day_full", "mail_domain_slow"


def hold(session: Session, services: Services, task: Task, now: datetime) -> tuple[datetime | None, str]:
    """Until when the mail waits, and why; its place is kept for it, so that it waits once for each reason.

    Every mail to a shopper counts once, at its first try, also those that need not wait. Files in a folder count not
    at all, nor what a shop in preview only shows. Paces are the installation's.
    """
    if services.settings.mail.transport == "folder" or task.reason == DOMAIN_SLOW:
        return None, ""
    row = mails.get(session, task.shop_id, task.subject)
    if row.copies or task.tried_at or not _counts(session, row):
        return None, ""
    paces.have(session)
    waits = KINDS[row.kind].bulk
    if task.reason != DAY_FULL:
        days = _days_to_wait(session, services, now) if waits else 0
        paces.place(session, (now + timedelta(days=days)).date(), now)
        if days:
            return now + timedelta(days=days), DAY_FULL  # at the same hour: a survey keeps to the shop's hours
    leaves = _leave_at(session, row, now)
    return (leaves, DOMAIN_SLOW) if waits and leaves > now else (None, "")


def _counts(session: Session, row: MailRow) -> bool:
    if row.state != "queued" or KINDS[row.kind].category == "internal":
        return False
    return shops.shop(session, row.shop_id).state != "preview"


def _days_to_wait(session: Session, services: Services, now: datetime) -> int:
    own, first = services.settings.mail, paces.first_day(session, now)
    placed = {(day - first).days: n for day, n in paces.days_from(session, now.date()).items()}
    return sending.days_to_wait((now.date() - first).days, placed, own.daily_cap, warm_up=own.warm_up)


def _leave_at(session: Session, row: MailRow, now: datetime) -> datetime:
    order = orders.get(session, row.shop_id, row.order_id) if row.order_id else None
    address = orders.facts(order).email if order is not None and order.facts else ""
    domain = address.strip().lower().rpartition("@")[2]
    if not domain:
        return now
    bucket = paces.bucket(session, hashlib.sha256(domain.encode("utf-8", "surrogatepass")).hexdigest()[:16], now)
    leaves, bucket.at = sending.leave_at(bucket.at, now)
    return leaves
