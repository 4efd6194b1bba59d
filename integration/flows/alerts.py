"""Tells the owner what needs her: of one cause the first at once, the rest together, nothing twice a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from emails.catalogue import KINDS
from integration.db.queries import mails as mail_rows
from integration.db.queries import notices, shops
from integration.db.tables import MailRow, Shop, Task
from integration.domain.errors import storable
from integration.flows import mails
from integration.flows.services import Services

GATHERED = timedelta(hours=4)
_LONGEST = 200


def tell_owner(session: Session, services: Services, shop: Shop, code: str, now: datetime, /, **params: object) -> None:
    """Mail the owner about `code` (words in `errors` of the catalogue), at once when it is the first of its cause.

    What follows from the same cause goes into one mail, some hours later; what she heard today says nothing new.
    """
    values = {name: storable(value)[:_LONGEST] for name, value in params.items()}
    told = notices.of_day(session, shop.id, code, now)
    if any(_says(mail, values) for mail in told):
        return
    last = told[-1] if told else None
    if last is not None and last.state == "queued":
        last.context = {**last.context, "params": _together(last.context["params"], values)}
        return
    due_at = max(now, last.created_at + GATHERED) if last is not None else now
    context = {"code": code, "params": values}
    key = f"owner_notice:{code}:{now:%Y%m%d}:{len(told)}"
    mails.queue(session, services, shop, "owner_notice", key, now, context=context, due_at=due_at)


def _says(mail: MailRow, values: Mapping[str, str]) -> bool:
    known = mail.context["params"]
    return all(set(_parts(text)) <= set(_parts(known.get(name, ""))) for name, text in values.items())


def _together(known: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Lists become one list; of a number the newest holds."""
    joined = {name: dict.fromkeys([*_parts(known.get(name, "")), *_parts(text)]) for name, text in values.items()}
    return {name: text if text.isdigit() else ", ".join(joined[name])[:_LONGEST] for name, text in values.items()}


def _parts(text: str) -> list[str]:
    return text.split(", ")


def tell_stopped(session: Session, services: Services, task: Task, now: datetime) -> None:
    """A piece of work stopped for good: the owner hears of it, of all of a day in one mail.

    Her own mails are left out, or one that cannot be sent would bring forth another.
    """
    mail = mail_rows.get(session, task.shop_id, task.subject) if task.kind == "SendMail" else None
    if mail is None or KINDS[mail.kind].category != "internal":
        tell_owner(session, services, shops.shop(session, task.shop_id), "work_stopped", now)
