"""Tells the owner what needs her: a mail, once per matter and day."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.tables import Shop
from integration.flows import mails
from integration.flows.services import Services


def tell_owner(session: Session, services: Services, shop: Shop, code: str, now: datetime, /, **params: object) -> None:
    """Mail the owner about `code` (words in `errors` of the catalogue); a second time on one day says nothing new."""
    values = {name: str(value)[:200] for name, value in params.items()}
    about = "|".join(values.values())
    key = f"owner_notice:{code}:{about}:{now:%Y%m%d}"
    mails.queue(session, services, shop, "owner_notice", key, now, context={"code": code, "params": values})
