"""How far shops are read, and what is known of the orders on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from integration.db.care_tables import Cursor
from integration.db.facts import dump_order
from integration.db.tables import OrderRow, Shop
from integration.domain.facts import Order
from integration.domain.ids import new_id


def find(session: Session, shop_id: str, stream: str) -> Cursor | None:
    """How far this stream is."""
    return session.exec(select(Cursor).where(Cursor.shop_id == shop_id, Cursor.stream == stream)).first()


def get(session: Session, shop_id: str, stream: str) -> Cursor:
    """The same for one that was begun."""
    return session.exec(select(Cursor).where(Cursor.shop_id == shop_id, Cursor.stream == stream)).one()


def begin(session: Session, shop_id: str, stream: str, at: datetime, now: datetime) -> Cursor:
    """A stream that is read from a moment on, and due now."""
    row = Cursor(id=new_id("cursor", now), shop_id=shop_id, stream=stream, began_at=at, position=at, due_at=now)
    session.add(row)
    session.flush()
    return row


def due(session: Session, now: datetime) -> Sequence[str]:
    """Ids of the shops to look at, the one that waited longest first; a paused shop is left in peace."""
    late = select(Shop.id).join(
        Cursor, (col(Cursor.shop_id) == Shop.id) & (col(Cursor.stream) == "changes"), isouter=True
    )
    open_ = late.where(Shop.state != "paused", (col(Cursor.due_at) <= now) | col(Cursor.due_at).is_(None))
    return session.exec(open_.order_by(col(Cursor.due_at).nulls_first())).all()


def asked(session: Session, stream: str, now: datetime) -> Sequence[str]:
    """Ids of the shops where somebody asked for this stream and a turn is due."""
    due_ = select(Cursor.shop_id).where(Cursor.stream == stream, Cursor.state == "asked", col(Cursor.due_at) <= now)
    return session.exec(due_.order_by(col(Cursor.due_at))).all()


def claim(session: Session, cursor: Cursor, now: datetime, until: datetime) -> bool:
    """Take the look that is due; false when another worker has it."""
    free = update(Cursor).where(col(Cursor.id) == cursor.id, col(Cursor.due_at) <= now)
    return cast("CursorResult[Any]", session.execute(free.values(due_at=until))).rowcount == 1


def known(session: Session, shop_id: str, refs: Sequence[str]) -> Mapping[str, OrderRow]:
    """What we have of these orders, by the store's ids."""
    found = session.exec(select(OrderRow).where(OrderRow.shop_id == shop_id, col(OrderRow.ref).in_(refs))).all()
    return {row.ref: row for row in found}


def tells_nothing_new(row: OrderRow | None, order: Order) -> bool:
    """Whether this view of an order changes nothing; within one second of the store there may be two views."""
    if row is None:
        return order.state == "draft"
    if row.erased_at:
        return True
    if not row.complete or order.updated_at > row.updated_at:
        return False
    return order.updated_at < row.updated_at or row.facts == dump_order(order)


def looks(session: Session) -> Sequence[tuple[Shop, Cursor | None]]:
    """Every shop with how far its changes are read."""
    both = select(Shop, Cursor).join(
        Cursor, (col(Cursor.shop_id) == Shop.id) & (col(Cursor.stream) == "changes"), isouter=True
    )
    return session.exec(both.order_by(Shop.name)).all()
