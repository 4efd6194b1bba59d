"""Every table. Rows belong to a shop; texts about people live in few columns, so that they can be erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

OPEN_MAILS = "('queued', 'sending', 'dead', 'ambiguous')"


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def _part(name: str, where: str, *columns: str) -> Index:
    """An index of only the rows that are asked for often."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Connection(SQLModel, table=True):
    """One WooCommerce shop, or one Shopify app with its shops; `key` is in its webhook URL."""

    __tablename__ = "connections"
    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    platform: str
    sealed_credentials: str
    sealed_webhook_secret: str
    sealed_previous_secret: str = ""
    created_at: datetime


class Shop(SQLModel, table=True):
    """A shop: where it is, who writes its mails, and whether mails leave (`state`: preview, live, paused).

    Only what arrives at or after `live_since` gets mails; it is empty while the shop is in preview.
    `check_failed` holds the checks that failed at `checked_at`, as JSON.
    """

    __tablename__ = "shops"
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connections.id", index=True)
    name: str = Field(unique=True)
    address: str
    state: str = "live"
    currency: str = ""
    zone: str
    locale: str
    return_address: dict[str, Any] = _json()
    checked_at: datetime | None = None
    check_failed: str = ""
    live_since: datetime | None = None
    created_at: datetime


class PolicyVersion(SQLModel, table=True):
    """What the owner set for a shop, in config spelling; the newest counts, decisions name theirs."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("shop_id", "version"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    version: int
    body: dict[str, Any] = _json()
    created_at: datetime


class Receipt(SQLModel, table=True):
    """A webhook delivery kept in the inbox; the body goes after 30 days, the key stays.

    `repeat` counts how often the key came again after its window, so that it is a new delivery. `order_ref` is the
    order it was about, `sent_at` when the platform says that it happened. `begun` counts how often it was begun where
    its predecessor may have died over it.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("connection_id", "delivery_key", "repeat"),
        _part("ix_receipts_kept", "state = 'kept'", "shop_id", "id"),
        _part("ix_receipts_odd", "state IN ('unreadable', 'failed', 'ignored')", "state", "shop_id", "id"),
        Index("ix_receipts_order", "shop_id", "order_ref"),
        Index("ix_receipts_heard", "shop_id", "received_at"),
    )
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connections.id")
    shop_id: str | None = Field(default=None, foreign_key="shops.id")
    delivery_key: str
    repeat: int = 0
    topic: str
    order_ref: str = ""
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = "kept"
    reason: str = ""
    attempts: int = 0
    begun: int = 0
    sent_at: datetime | None = None
    received_at: datetime
    done_at: datetime | None = None


class OrderRow(SQLModel, table=True):
    """What we know of an order: its facts as JSON (`integration.db.facts`) and the columns we search by."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("shop_id", "ref"),
        Index("ix_orders_customer", "shop_id", "customer_key", "placed_at", "state"),
        Index("ix_orders_number", "shop_id", "number"),
        Index("ix_orders_delivered", "shop_id", "delivered_at", "customer_key"),
        Index("ix_orders_created", "shop_id", "created_at", "id"),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    ref: str
    number: str
    state: str
    customer_key: str = ""
    facts: dict[str, Any] = _json()
    complete: bool = True
    updated_at: datetime
    created_at: datetime
    placed_at: datetime | None = None
    delivered_at: datetime | None = None
    erased_at: datetime | None = None


class ShipmentRow(SQLModel, table=True):
    """One parcel; at `act_by` something happens if nothing is heard of it, at `asked_at` the store was asked."""

    __tablename__ = "shipments"
    __table_args__ = (
        UniqueConstraint("order_id", "ref"),
        _part("ix_shipments_act_by", "act_by IS NOT NULL", "act_by"),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id", index=True)
    order_id: str = Field(foreign_key="orders.id")
    ref: str
    state: str
    confidence: str | None = None
    carrier: str = ""
    tracking: str = ""
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    state_at: datetime
    act_by: datetime | None = None
    asked_at: datetime | None = None


class FollowUpRow(SQLModel, table=True):
    """A planned mail after an event; `key` (`survey:<order>`) makes a fact told three times act once."""

    __tablename__ = "followups"
    __table_args__ = (UniqueConstraint("shop_id", "key"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id", index=True)
    kind: str
    key: str
    due_at: datetime
    state: str
    reason: str = ""


class Task(SQLModel, table=True):
    """One effect to bring about; `fence` counts claims, so that a late worker's verdict is refused.

    `lapses` counts the workers in a row that took it and were not heard of again. Until `lease_until` it is its
    worker's; while it is `ready`, its id is on the way to one (`[worker] engine`).
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("shop_id", "key"),
        _part("ix_tasks_open", "state IN ('ready', 'leased')", "due_at"),
        _part("ix_tasks_held", "state IN ('ready', 'leased') AND lease_until IS NOT NULL", "lease_until", "shop_id"),
        _part("ix_tasks_stopped", "state IN ('ambiguous', 'dead')", "shop_id", "done_at"),
        _part("ix_tasks_put_off", "state = 'ready' AND reason <> ''", "shop_id", "reason"),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    kind: str
    key: str
    subject: str
    state: str = "ready"
    reason: str = ""
    attempts: int = 0
    lapses: int = 0
    fence: int = 0
    owner: str = ""
    due_at: datetime
    lease_until: datetime | None = None
    useless_after: datetime | None = None
    tried_at: datetime | None = None
    failing_since: datetime | None = None
    created_at: datetime
    done_at: datetime | None = None


class MailRow(SQLModel, table=True):
    """A mail: whom, which kind, and the codes and ids it is built from each time anew."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("shop_id", "key"),
        Index("ix_mails_created", "shop_id", "created_at", "id"),
        Index("ix_mails_kinds", "kind", "state"),
        Index("ix_mails_sent", "shop_id", "sent_at", "kind", "order_id"),
        _part("ix_mails_complaint", "complaint_id IS NOT NULL", "shop_id", "complaint_id", "kind", "sent_at"),
        _part("ix_mails_open", f"state IN {OPEN_MAILS}", "shop_id", "created_at", "id", "state"),
        _part("ix_mails_preview", "state = 'skipped' AND reason = 'preview'", "shop_id", "created_at", "id"),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str | None = Field(default=None, foreign_key="orders.id", index=True)
    complaint_id: str | None = None
    kind: str
    key: str
    state: str = "queued"
    reason: str = ""
    message_id: str
    context: dict[str, Any] = _json()
    copies: int = 0
    created_at: datetime
    sent_at: datetime | None = None


class LabelRow(SQLModel, table=True):
    """A return label or slip; `reference` is the number printed on it, `pdf` is sealed as the vault does."""

    __tablename__ = "labels"
    __table_args__ = (UniqueConstraint("shop_id", "subject"), UniqueConstraint("shop_id", "reference"))
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id", index=True)
    subject: str
    reference: str
    carrier: str
    state: str = "reserved"
    method: str = ""
    postage_paid: bool = False
    tracking: str = ""
    pdf: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    expires_at: datetime | None = None
    created_at: datetime


class StockLabel(SQLModel, table=True):
    """A carrier-issued PDF that the owner uploaded; `label_id` is set once, when it is handed out."""

    __tablename__ = "stock_labels"
    __table_args__ = (UniqueConstraint("shop_id", "sha256"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    sha256: str
    pdf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    label_id: str | None = Field(default=None, index=True)
    created_at: datetime


class LinkRow(SQLModel, table=True):
    """A link we gave out: only the digest of its token, and the key it is made with."""

    __tablename__ = "links"
    __table_args__ = (UniqueConstraint("shop_id", "purpose", "subject"),)
    token_digest: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    purpose: str
    subject: str
    version: int = 1
    key_id: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Intent(SQLModel, table=True):
    """A rating link that was opened, by a person or a scanner: never an answer."""

    __tablename__ = "intents"
    __table_args__ = (UniqueConstraint("order_id", "score"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id")
    score: int
    created_at: datetime


class AnswerRow(SQLModel, table=True):
    """What the shopper sent; one per order."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_answered", "shop_id", "answered_at", "score", "order_id"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id", unique=True)
    score: int
    cause: str | None = None
    text: str = ""
    locale: str = ""
    answered_at: datetime
    edited_at: datetime | None = None


class ComplaintRow(SQLModel, table=True):
    """A complaint with its decision: a fix and an extra."""

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("shop_id", "number"),
        Index("ix_complaints_opened", "shop_id", "opened_at", "order_id", "state"),
        _part("ix_complaints_open", "state <> 'closed'", "shop_id", "state"),
        _part("ix_complaints_closed", "state = 'closed'", "shop_id", "closed_at", "cause", "id"),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id", index=True)
    number: str
    state: str = "received"
    source: str
    cause: str
    severity: str = "normal"
    wish: str = ""
    text: str = ""
    fix: str = ""
    extra: str = ""
    decided_by: str = ""
    reasons: str = ""
    assignee: str = ""
    policy_version: int = 0
    due_at: datetime
    fixed_at: datetime | None = None
    opened_at: datetime
    closed_at: datetime | None = None


class CaseNote(SQLModel, table=True):
    """What a person at the desk wrote about a case for the others; the shopper never sees it."""

    __tablename__ = "case_notes"
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    complaint_id: str = Field(foreign_key="complaints.id", index=True)
    account_id: str
    text: str
    created_at: datetime


class CodeRow(SQLModel, table=True):
    """A discount code: reserved with its share of the budget before the store is asked.

    `used_by` is the store's id of the order that was paid with it.
    """

    __tablename__ = "codes"
    __table_args__ = (Index("ix_codes_budget", "shop_id", "reserved_at"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id", unique=True)
    complaint_id: str = Field(foreign_key="complaints.id")
    code: str
    state: str = "reserved"
    reason: str = ""
    kind: str
    value: str
    currency: str
    at_risk_minor: int
    min_subtotal_minor: int | None = None
    store_ref: str = ""
    used_by: str = ""
    reserved_at: datetime
    expires_at: datetime


class CodeHolder(SQLModel, table=True):
    """Whom a code was given to, by the digest of each of her identities (mail, phone, account)."""

    __tablename__ = "code_holders"
    code_id: str = Field(foreign_key="codes.id", primary_key=True)
    identity: str = Field(primary_key=True, index=True)
    shop_id: str = Field(foreign_key="shops.id")


class ReturnRow(SQLModel, table=True):
    """A return the shopper announced; a mailed label is none."""

    __tablename__ = "returns"
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    order_id: str = Field(foreign_key="orders.id", unique=True)
    number: str
    state: str = "announced"
    reason: str = ""
    wish: str = ""
    text: str = ""
    items: dict[str, Any] = _json()
    created_at: datetime


class Suppression(SQLModel, table=True):
    """Mail that must not be sent (ever, or `until`): by digest of the address, so that it outlives an erasure (A34)."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("shop_id", "address_digest", "scope"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    address_digest: str
    scope: str
    reason: str
    source: str
    text_version: str = ""
    until: datetime | None = None
    created_at: datetime


class Pause(SQLModel, table=True):
    """A stream that stands still (`mail`, `store`) until it is tried again at `until`."""

    __tablename__ = "pauses"
    __table_args__ = (UniqueConstraint("shop_id", "stream"),)
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    stream: str
    reason: str
    since: datetime
    until: datetime


class HistoryRow(SQLModel, table=True):
    """Append-only: what moved, when, by whom; ids and codes only, never personal text."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_subject", "shop_id", "subject"),)
    id: int | None = Field(default=None, primary_key=True)
    shop_id: str = Field(foreign_key="shops.id")
    subject: str
    at: datetime
    actor: str
    from_state: str = Field(default="", sa_column_kwargs={"name": "from"})
    to_state: str = Field(default="", sa_column_kwargs={"name": "to"})
    reason: str = ""


class Account(SQLModel, table=True):
    """A person who works at the desk; `shops` are the ids she sees, none named means all there are."""

    __tablename__ = "accounts"
    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str
    password_hash: str
    role: str
    shops: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    locale: str = ""
    created_at: datetime
    disabled_at: datetime | None = None


class DeskSession(SQLModel, table=True):
    """A person who is logged in: only the digest of what her cookie holds."""

    __tablename__ = "sessions"
    digest: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", index=True)
    created_at: datetime
    seen_at: datetime


class Invitation(SQLModel, table=True):
    """A link that makes one account, or gives the named one a new password, once; only its digest is kept."""

    __tablename__ = "invitations"
    digest: str = Field(primary_key=True)
    account_id: str = ""
    role: str
    shops: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class Attempt(SQLModel, table=True):
    """A try at a door that lets in only so many (D7): which door, and the digest of who tried."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts", "door", "who", "at"),)
    id: str = Field(primary_key=True)
    door: str
    who: str
    at: datetime
