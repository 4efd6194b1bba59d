"""The parcels of one order while an event is taken in: read once, told by any door in any order (E8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import orders
from integration.db.tables import OrderRow, ShipmentRow
from integration.domain.facts import Confidence, Order, Shipment
from integration.domain.ids import new_id
from integration.flows import history
from integration.rules import transitions


class Parcels:
    """Iterating gives the rows, oldest first; `fresh` is an order that nothing is known of, which spares looking."""

    def __init__(self, session: Session, order: OrderRow, *, fresh: bool = False) -> None:
        self._session = session
        self._order = order
        self.fresh = fresh
        self._rows = [] if fresh else list(orders.shipments(session, order.id))

    def __iter__(self) -> Iterator[ShipmentRow]:
        return iter(self._rows)

    @property
    def known(self) -> list[Shipment]:
        """In domain words."""
        return [orders.as_shipment(row) for row in self._rows]

    def put(self, told: Shipment, at: datetime, now: datetime) -> None:
        """What is told of one parcel, by an event of this time; an older one changes nothing."""
        at = min(at, now)
        row = next((known for known in self._rows if known.ref == told.ref), None)
        if row is None:
            self._add(told, at, now)
        elif transitions.supersedes(orders.as_shipment(row).state, row.state_at, told.state, at):
            if row.state != told.state:
                self._note(row, row.state, told.state, now, told.confidence or "")
            row.state, row.state_at = told.state, at
            _take_over(row, told)

    def _add(self, told: Shipment, at: datetime, now: datetime) -> None:
        row = ShipmentRow(
            id=new_id("shipment", now), shop_id=self._order.shop_id, order_id=self._order.id, ref=told.ref,
            state=told.state, state_at=at,
        )  # fmt: skip
        _take_over(row, told)
        if told.state in ("under_way", "failed"):
            row.shipped_at = row.shipped_at or at
        self._session.add(row)
        self._rows.append(row)
        self._note(row, "", told.state, now, told.confidence or "")

    def drop_replaced(self, order: Order, now: datetime) -> None:
        """The store's view is the whole set: a parcel under way that it no longer names was replaced by those it names.

        WooCommerce names one parcel `order` until a tracking number gives it a name of its own.
        """
        named = {shipment.ref for shipment in order.shipments}
        for row in self._rows if named else ():
            if row.ref not in named and row.state == "under_way" and row.state_at <= order.updated_at:
                self._note(row, row.state, "cancelled", now, "replaced")
                row.state = "cancelled"

    def stand_in(self, order: Order, now: datetime) -> None:
        """An order that was sent and names no parcel, or only cancelled ones, is one parcel: nobody may forget it."""
        if order.state in ("shipped", "delivered") and all(row.state == "cancelled" for row in self._rows):
            ref = "order" if not any(row.ref == "order" for row in self._rows) else f"order-{len(self._rows)}"
            self.put(Shipment(ref, shipped_at=order.status_at or order.updated_at), order.updated_at, now)

    def arrive(self, at: datetime, confidence: Confidence, now: datetime) -> None:
        """The order has arrived, so all that were sent have; one that was never told of has no name of its own."""
        sent = [row for row in self._rows if row.state != "cancelled"]
        open_refs = [row.ref for row in sent if row.state != "delivered"] if sent else ["order"]
        for ref in open_refs:
            self.put(Shipment(ref, "delivered", confidence, delivered_at=at), at, now)

    def _note(self, row: ShipmentRow, old: str, new: str, now: datetime, reason: str) -> None:
        history.note(self._session, row.shop_id, row.id, now, "store", old, new, reason)


def _take_over(row: ShipmentRow, told: Shipment) -> None:
    row.confidence = told.confidence or row.confidence
    row.carrier, row.tracking = told.carrier or row.carrier, told.tracking or row.tracking
    row.shipped_at = min(filter(None, (told.shipped_at, row.shipped_at)), default=None)  # some stores move it
    if told.state == "delivered":
        row.delivered_at = told.delivered_at or row.state_at
