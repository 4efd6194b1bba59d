"""Tables of what is kept so that nothing is missed and nobody forgotten too late; part of `tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class Cursor(SQLModel, table=True):
    """How far a shop is read, by the store's own clock: `stream` is `changes`, for ever, or `backfill`, once.

    `looked_at` is when it was last read to the end, `reason` why it was not since; a look that was broken off goes on
    at `resume_at`, also within the time that is read again. `missed` counts the changes that
    were found since its webhooks were last seen whole, at `whole_at`; `healed` are those made anew since, of which
    the owner has to hear; `made_hooks` says that webhooks made by the store's API are known to have been there.
    """

    __tablename__ = "cursors"
    __table_args__ = (UniqueConstraint("shop_id", "stream"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    stream: str
    state: str = "open"
    began_at: datetime
    position: datetime
    resume_at: datetime | None = None
    seen: int = 0
    missed: int = 0
    due_at: datetime
    reason: str = ""
    looked_at: datetime | None = None
    made_hooks: bool = False
    healed: str = ""
    whole_at: datetime | None = None


class Incident(SQLModel, table=True):
    """A parcel that somebody has to look for; `told_at` is when the owner heard of it."""

    __tablename__ = "incidents"
    __table_args__ = (UniqueConstraint("shipment_id", "kind"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id", index=True)
    order_id: str = Field(foreign_key="orders.id")
    shipment_id: str = Field(foreign_key="shipments.id")
    kind: str
    state: str = "open"
    opened_at: datetime
    told_at: datetime | None = None
    closed_at: datetime | None = None


class PrivacyRequest(SQLModel, table=True):
    """Somebody wants to know or to be forgotten (`export`, `erase`, `erase_shop`): the record, without her name.

    `sealed_person` names her until it is done and is empty then; `files` are what was written for the owner.
    """

    __tablename__ = "privacy_requests"
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id", index=True)
    kind: str
    state: str = "open"
    source: str
    sealed_person: str = ""
    person: str = ""
    files: str = ""
    found: int = 0
    asked_at: datetime
    done_at: datetime | None = None


class Joining(SQLModel, table=True):
    """A store that an owner is connecting at the desk, until `expires_at`; it is hers alone (`account_id`).

    `state`: asked, keyed (its keys are here, sent by the store or typed), looking, done. The store's keys have to bring
    the word of which `digest` is kept. `shop_id` is the shop that gets new keys (`again`), or, once done, the new one.
    """

    __tablename__ = "joinings"
    id: str = Field(primary_key=True)
    account_id: str
    platform: str
    address: str
    name: str = ""
    shop_id: str = ""
    again: bool = False
    state: str = "asked"
    digest: str = Field(unique=True)
    sealed_word: str
    sealed_credentials: str = ""
    created_at: datetime
    expires_at: datetime


class Ping(SQLModel, table=True):
    """When a store last asked at its connection's address whether somebody is listening."""

    __tablename__ = "pings"
    connection_id: str = Field(primary_key=True, foreign_key="connections.id")
    at: datetime
