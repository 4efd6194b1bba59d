"""Orders and their parcels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.facts import dump_order, load_order
from integration.db.prepared import prepared
from integration.db.tables import OrderRow, ShipmentRow
from integration.domain.errors import NotFound
from integration.domain.facts import Confidence, Order, Shipment, ShipmentState
from integration.domain.ids import new_id


def by_ref(session: Session, shop_id: str, ref: str) -> OrderRow | None:
    """The order by the platform's id."""
    return _by_ref(session, shop_id, ref).first()


@prepared
def _by_ref(shop_id: str, ref: str) -> SelectOfScalar[OrderRow]:
    return select(OrderRow).where(OrderRow.shop_id == shop_id, OrderRow.ref == ref)


def by_number(session: Session, shop_id: str, number: str) -> Sequence[OrderRow]:
    """Orders the shopper would call so; numbers may repeat."""
    return session.exec(select(OrderRow).where(OrderRow.shop_id == shop_id, OrderRow.number == number)).all()


def called(session: Session, shop_id: str, number: str, customer_key: str) -> str | None:
    """Our id of this person's newest order of this number, which is written without its `#`."""
    mine = (OrderRow.shop_id == shop_id, col(OrderRow.number).in_((number, f"#{number}")))
    hers = select(OrderRow.id).where(*mine, OrderRow.customer_key == customer_key)
    return session.exec(hers.order_by(col(OrderRow.id).desc()).limit(1)).first()


def get(session: Session, shop_id: str, order_id: str) -> OrderRow:
    """The order by our id; `NotFound("no_order")` also for another shop's."""
    found = _by_id(session, shop_id, order_id).first()
    if found is None:
        raise NotFound("no_order", order=order_id[:40])
    return found


@prepared
def _by_id(shop_id: str, order_id: str) -> SelectOfScalar[OrderRow]:
    return select(OrderRow).where(OrderRow.shop_id == shop_id, OrderRow.id == order_id)


def stub(shop_id: str, ref: str, now: datetime) -> OrderRow:
    """A row for an order of which we know only the id; `complete` is false until it is read."""
    return OrderRow(
        id=new_id("order", now), shop_id=shop_id, ref=ref, number="", state="open",
        complete=False, updated_at=datetime.fromtimestamp(0, now.tzinfo), created_at=now,
    )  # fmt: skip


def put_facts(row: OrderRow, order: Order, customer_key: str) -> None:
    """Take over the store's newer view."""
    row.number, row.state, row.updated_at = order.number, order.state, order.updated_at
    row.customer_key, row.facts, row.complete = customer_key, dump_order(order), True
    row.placed_at = order.placed_at


def unambiguous(row: OrderRow, order: Order) -> bool:
    """Whether the store's times say which view is the newer; two of one second that differ only the store can tell."""
    return not row.complete or order.updated_at != row.updated_at or row.facts == dump_order(order)


def is_erased(session: Session, shop_id: str, ref: str) -> bool:
    """Whether the shopper of this order was erased."""
    mine = (OrderRow.shop_id == shop_id, OrderRow.ref == ref, col(OrderRow.erased_at).is_not(None))
    return bool(ref) and session.exec(select(OrderRow.id).where(*mine)).first() is not None


def changed_since(session: Session, shop_id: str, since: datetime) -> bool:
    """Whether an order changed in the store since then."""
    changed = select(OrderRow.id).where(OrderRow.shop_id == shop_id, col(OrderRow.updated_at) >= since)
    return session.exec(changed.limit(1)).first() is not None


def count(session: Session, shop_id: str) -> int:
    """How many orders of a shop are known."""
    return session.exec(select(func.count(col(OrderRow.id))).where(OrderRow.shop_id == shop_id)).one()


def facts(row: OrderRow) -> Order:
    """The order as last told; `NotFound("order_not_read")` for a stub."""
    if not row.facts:
        raise NotFound("order_not_read", order=row.ref)
    return load_order(row.facts)


def shipments(session: Session, order_id: str) -> Sequence[ShipmentRow]:
    """The order's parcels, oldest first."""
    return _shipments(session, order_id).all()


@prepared
def _shipments(order_id: str) -> SelectOfScalar[ShipmentRow]:
    return select(ShipmentRow).where(ShipmentRow.order_id == order_id).order_by(ShipmentRow.id)


def as_shipment(row: ShipmentRow) -> Shipment:
    """The row in domain words."""
    state: ShipmentState = row.state  # type: ignore[assignment]  # written from the same Literal
    confidence: Confidence | None = row.confidence  # type: ignore[assignment]
    return Shipment(row.ref, state, confidence, row.carrier, row.tracking, row.shipped_at, row.delivered_at)


def orders_of_customer(session: Session, shop_id: str, customer_key: str) -> int:
    """How many orders we know of this person."""
    if not customer_key:
        return 0
    same = (OrderRow.shop_id == shop_id, OrderRow.customer_key == customer_key)
    return session.exec(select(func.count(col(OrderRow.id))).where(*same)).one()


def newest(session: Session, shop_id: str, most: int) -> Sequence[OrderRow]:
    """The orders we heard of last."""
    mine = select(OrderRow).where(OrderRow.shop_id == shop_id)
    return session.exec(mine.order_by(col(OrderRow.created_at).desc()).limit(most)).all()
