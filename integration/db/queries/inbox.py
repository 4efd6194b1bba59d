"""The inbox: deliveries kept before they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from integration.db.tables import Receipt, Shop


def keep(session: Session, receipt: Receipt, window: timedelta | None) -> bool:
    """Insert it unless it is a repeat; a repeat later than `window` is kept under a key of its own."""
    known = _received_at(session, receipt.connection_id, receipt.delivery_key)
    if known is not None:
        if window is None or receipt.received_at - known < window:
            return False
        receipt.delivery_key += f"@{receipt.received_at:%Y%m%dT%H%M%S}"
    try:
        with session.begin_nested():
            session.execute(insert(Receipt).values(_columns(receipt)))
    except IntegrityError:
        return False  # the same delivery over another connection, this very moment
    return True


def _columns(receipt: Receipt) -> dict[str, Any]:
    return receipt.model_dump()


def _received_at(session: Session, connection_id: str, key: str) -> datetime | None:
    same = select(Receipt.received_at).where(
        Receipt.connection_id == connection_id, col(Receipt.delivery_key).startswith(key, autoescape=True)
    )
    return session.exec(same.order_by(col(Receipt.received_at).desc())).first()


def next_kept(session: Session) -> Receipt | None:
    """The oldest delivery not yet acted on; held against other drains where the database can."""
    waiting = select(Receipt).where(Receipt.state == "kept").order_by(Receipt.id).limit(1)
    return session.exec(waiting.with_for_update(skip_locked=True)).first()


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
