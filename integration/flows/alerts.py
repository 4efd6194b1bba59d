"""Tells the owner what needs her: a mail, once per matter and day."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from emails.catalogue import KINDS
from integration.db.queries import mails as mail_rows
from integration.db.queries import shops
from integration.db.tables import Shop, Task
from integration.flows import mails
from integration.flows.services import Services


def tell_owner(session: Session, services: Services, shop: Shop, code: str, now: datetime, /, **params: object) -> None:
    """Mail the owner about `code` (words in `errors` of the catalogue); a second time on one day says nothing new."""
    values = {name: str(value)[:200] for name, value in params.items()}
    about = "|".join(values.values())
    key = f"owner_notice:{code}:{about}:{now:%Y%m%d}"
    mails.queue(session, services, shop, "owner_notice", key, now, context={"code": code, "params": values})


def tell_stopped(session: Session, services: Services, task: Task, now: datetime) -> None:
    """A piece of work stopped for good: the owner hears of it, of all of a day in one mail.

    Her own mails are left out, or one that cannot be sent would bring forth another.
    """
    mail = mail_rows.get(session, task.shop_id, task.subject) if task.kind == "SendMail" else None
    if mail is None or KINDS[mail.kind].category != "internal":
        tell_owner(session, services, shops.shop(session, task.shop_id), "work_stopped", now)
