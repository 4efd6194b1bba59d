"""The inbox: deliveries kept before they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from integration.db.tables import Receipt, Shop

KEPT = text("receipts.state = 'kept'")  # as the partial index has it: SQLite sees no match in a parameter


def shops_with_kept(session: Session) -> Sequence[str]:
    """Ids of the shops that have deliveries not yet acted on."""
    shop = col(Receipt.shop_id)
    return [each for each in session.exec(select(shop).where(KEPT).distinct().order_by(shop)) if each]


def next_kept(session: Session, shop_id: str) -> Receipt | None:
    """A shop's oldest delivery not yet acted on; the caller writes for this shop alone, so none overtakes another."""
    waiting = select(Receipt).where(Receipt.shop_id == shop_id, KEPT)
    return session.exec(waiting.order_by(Receipt.id).limit(1)).first()


def heard_since(session: Session, shop_id: str, since: datetime) -> bool:
    """Whether the shop's store told anything since then."""
    told = select(Receipt.id).where(Receipt.shop_id == shop_id, col(Receipt.received_at) >= since)
    return session.exec(told.limit(1)).first() is not None


def count(session: Session, state: str) -> int:
    """How many receipts are in a state."""
    return len(session.exec(select(Receipt.id).where(Receipt.state == state)).all())


def chosen(
    session: Session, receipt_id: str | None, shop_name: str | None, since: datetime | None, state: str | None
) -> Sequence[Receipt]:
    """Receipts that the owner picked out, by any mix of criteria; those without a shop cannot be acted on."""
    query = select(Receipt).where(col(Receipt.shop_id).is_not(None), Receipt.state != "kept", Receipt.body != b"")
    if receipt_id:
        query = query.where(Receipt.id == receipt_id)
    if shop_name:
        query = query.where(Receipt.shop_id == Shop.id, Shop.name == shop_name)
    if since:
        query = query.where(Receipt.received_at >= since.replace(tzinfo=since.tzinfo or UTC))
    if state:
        query = query.where(Receipt.state == state)
    return session.exec(query.order_by(Receipt.id)).all()
