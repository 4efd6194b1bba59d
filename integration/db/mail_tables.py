"""Tables of what becomes of mails after they left, and of how many may leave; part of `tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class MailEvent(SQLModel, table=True):
    """What was heard of a mail (`kind`: hard, soft, sender, complaint), once; the address only as its digest.

    `code` is the status (`5.1.1`), `source` who told it: `smtp`, `dsn`, or the provider.
    """

    __tablename__ = "mail_events"
    __table_args__ = (
        UniqueConstraint("shop_id", "key"),
        Index("ix_mail_events_address", "shop_id", "address_digest", "at"),
        Index("ix_mail_events_at", "shop_id", "at"),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    mail_id: str = Field(foreign_key="mails.id", index=True)
    address_digest: str = ""
    kind: str
    code: str = ""
    source: str
    key: str
    at: datetime


class Pace(SQLModel, table=True):
    """How fast mails leave, for the whole installation, since all shops write from one address.

    `first` tells since when there are mails, `day:2026-11-21` counts those of a day, `domain:<digest>` says from when
    on the next one to that domain may leave.
    """

    __tablename__ = "paces"
    name: str = Field(primary_key=True)
    n: int = 0
    at: datetime
