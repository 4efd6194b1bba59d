"""Everything that is kept about one person: found, and emptied where no order of hers leads to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import func, or_, update
from sqlmodel import Session, SQLModel, col, select

from integration.db import exports
from integration.db.mail_tables import MailEvent
from integration.db.tables import CodeHolder, CodeRow, MailRow, OrderRow, Receipt, ShipmentRow
from integration.domain.facts import Person

LEADS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("shipments", "followups", "labels", "intents", "answers"), ("order_id", "orders")),
    **dict.fromkeys(("mails", "complaints", "codes", "returns", "incidents"), ("order_id", "orders")),
    "receipts": ("order_ref", "refs"),
    "case_notes": ("complaint_id", "complaints"),
    "code_holders": ("code_id", "codes"),
    "mail_events": ("mail_id", "mails"),
    "suppressions": ("address_digest", "digests"),
    "privacy_requests": ("person", "digests"),
    **dict.fromkeys(("links", "history", "tasks"), ("subject", "things")),
}
"""The tables that hold something of shoppers beside `orders`: by which column, and by which ids found before."""
NOBODYS = frozenset(
    """accounts attempts connections cursors invitations joinings paces pauses pings policies sessions shops
    stock_labels""".split()
)
"""The tables about no shopper. One that stands in neither is a table that nobody thought about."""
_HIDDEN = frozenset(
    "address_digest customer_key delivery_key identity key_id pdf person sealed_person token_digest".split()
)


def orders_of(session: Session, shop_id: str, person: Person, digests: Collection[str]) -> Sequence[OrderRow]:
    """Her orders: by any of her names, as digests or as the store wrote them, and those that are said to be hers."""
    named: list[Any] = [col(OrderRow.customer_key).in_(digests), col(OrderRow.ref).in_(person.order_refs)]
    facts = col(OrderRow.facts)
    if person.email:
        named.append(func.lower(facts["email"].as_string()) == person.email.strip().lower())
    if person.customer_ref:
        named.append(facts["customer_ref"].as_string() == person.customer_ref)
    return session.exec(select(OrderRow).where(OrderRow.shop_id == shop_id, or_(*named)).order_by(OrderRow.id)).all()


def about(
    session: Session, shop_id: str, orders: Sequence[OrderRow], digests: Collection[str], names: Collection[str]
) -> dict[str, list[dict[str, Any]]]:
    """What every table holds of her, by table, as it can be shown: no keys, digests or drawings."""
    found: dict[str, list[SQLModel]] = {"orders": list(orders)}
    ids = {"digests": list(digests), "refs": [row.ref for row in orders], "orders": [row.id for row in orders]}
    models = {str(model.__tablename__): model for model in exports.models()}
    for table, (column, led_by) in LEADS.items():
        if led_by == "things":
            ids["things"] = [row.id for rows in found.values() for row in rows if hasattr(row, "id")]
        model = models[table]
        wanted = model.__table__.columns[column].in_(ids[led_by])  # type: ignore[attr-defined]
        mine = select(model).where(model.shop_id == shop_id, wanted)  # type: ignore[attr-defined]
        found[table] = list(session.exec(mine))
        ids[table] = [row.id for row in found[table] if hasattr(row, "id")]
    found["receipts"] += receipts_naming(session, shop_id, names)
    found["mails"] += notices_naming(session, shop_id, names)
    return {name: [_shown(row) for row in rows] for name, rows in found.items() if rows}


def _shown(row: SQLModel) -> dict[str, Any]:
    values = {name: value for name, value in row.model_dump().items() if name not in _HIDDEN}
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for name, value in values.items()
    }


def receipts_naming(session: Session, shop_id: str, names: Collection[str]) -> Iterator[Receipt]:
    """Webhooks that nobody could read, or that were about nothing of ours, with one of her names in the body."""
    needles = [name.lower().encode() for name in names]
    unread = (Receipt.shop_id == shop_id, Receipt.order_ref == "", Receipt.state != "kept", Receipt.body != b"")
    for receipt in session.exec(select(Receipt).where(*unread).execution_options(yield_per=100)):
        body = receipt.body.lower()
        if any(needle in body for needle in needles):
            yield receipt


def notices_naming(session: Session, shop_id: str, names: Collection[str]) -> Iterator[MailRow]:
    """Mails to the owner that are about no order and name her, as in what a mail server answered."""
    for mail in session.exec(select(MailRow).where(MailRow.shop_id == shop_id, col(MailRow.order_id).is_(None))):
        told = json.dumps(mail.context, ensure_ascii=False).lower()
        if any(name.lower() in told for name in names):
            yield mail


# -- forgetting ---------------------------------------------------------------------------------------


def empty_receipts(session: Session, shop_id: str, refs: Collection[str]) -> None:
    """The webhooks about these orders keep their keys and lose their bodies."""
    mine = (col(Receipt.shop_id) == shop_id, col(Receipt.order_ref).in_(refs))
    session.execute(update(Receipt).where(*mine).values(body=b""))


def empty_what_names_her(session: Session, shop_id: str, names: Collection[str]) -> None:
    """The same for webhooks that lead to no order; and what the owner was told loses its values."""
    for receipt in list(receipts_naming(session, shop_id, names)):
        receipt.body, receipt.reason = b"", receipt.reason.partition(" (")[0]
    for mail in list(notices_naming(session, shop_id, names)):
        mail.context = {**mail.context, "params": dict.fromkeys(mail.context.get("params", {}), "…")}


def forget_ways(session: Session, shop_id: str, order_id: str) -> None:
    """What leads to her without her name: tracking numbers, whom a code was given to, digests of her address."""
    session.execute(update(ShipmentRow).where(col(ShipmentRow.order_id) == order_id).values(tracking=""))
    codes = select(CodeRow.id).where(CodeRow.shop_id == shop_id, CodeRow.order_id == order_id)
    for holder in session.exec(select(CodeHolder).where(col(CodeHolder.code_id).in_(codes))):
        session.delete(holder)
    mails = select(MailRow.id).where(MailRow.shop_id == shop_id, MailRow.order_id == order_id)
    session.execute(update(MailEvent).where(col(MailEvent.mail_id).in_(mails)).values(address_digest=""))


def empty_bodies_of(session: Session, shop_id: str) -> None:
    """Every webhook of a shop that was acted on loses its body."""
    mine = (col(Receipt.shop_id) == shop_id, col(Receipt.state) != "kept", col(Receipt.body) != b"")
    session.execute(update(Receipt).where(*mine).values(body=b""))


def some_not_erased(session: Session, shop_id: str, most: int) -> Sequence[OrderRow]:
    """Orders of a shop whose people are not forgotten yet."""
    mine = (OrderRow.shop_id == shop_id, col(OrderRow.erased_at).is_(None))
    return session.exec(select(OrderRow).where(*mine).order_by(OrderRow.id).limit(most)).all()
