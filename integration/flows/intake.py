"""Takes an event of any door (webhook, poll, carrier, person) into the state, and plans what follows from it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.queries import orders as rows
from integration.db.queries import outbox as tasks
from integration.db.tables import OrderRow, ShipmentRow, Shop
from integration.domain.events import (
    Event,
    OrderChanged,
    OrderMentioned,
    OrderRemoved,
    PersonErased,
    ShipmentChanged,
    StoreComplained,
)
from integration.domain.facts import Confidence, Order, Shipment
from integration.domain.ids import new_id
from integration.domain.policy import Policy
from integration.flows import alerts, history, outbox, privacy, redemptions, silence
from integration.flows.known import history_of, shop_facts
from integration.flows.people import customer_key
from integration.flows.services import Services
from integration.flows.shops import policy_of
from integration.rules import after_delivery, delivery, transitions


def handle(session: Session, services: Services, shop: Shop, event: Event, now: datetime) -> None:
    """One event, in the caller's transaction; told three times it acts once."""
    match event:
        case OrderChanged(order):
            _order_changed(session, services, shop, order, now)
        case ShipmentChanged(order_ref, shipment, happened_at):
            _shipment_changed(session, services, shop, order_ref, shipment, happened_at, now)
        case OrderMentioned(order_ref):
            ask_store(session, shop, order_ref, now)
        case OrderRemoved(order_ref):
            _order_removed(session, shop, order_ref, now)
        case PersonErased(order_ref):
            privacy.erase_order(session, shop, order_ref, now)
        case StoreComplained(code, detail):
            alerts.tell_owner(session, services, shop, code, now, detail=detail)


def ask_store(session: Session, shop: Shop, order_ref: str, now: datetime) -> None:
    """Have the order read from the store; many mentions of one minute are one look-up."""
    tasks.put_task(session, shop.id, "FetchOrder", order_ref, now, key=f"fetch:{order_ref}:{now:%Y%m%d%H%M}")


def _order_changed(session: Session, services: Services, shop: Shop, order: Order, now: datetime) -> None:
    row = rows.by_ref(session, shop.id, order.ref)
    if order.state == "draft" and row is None:
        return
    if row is None:
        row = rows.stub(shop.id, order.ref, now)
        session.add(row)
    if row.erased_at or (row.complete and order.updated_at < row.updated_at):
        return
    if row.complete and row.state != order.state:
        history.note(session, shop.id, row.id, now, "store", row.state, order.state)
    rows.put_facts(row, order, customer_key(shop.id, order))
    session.flush()
    for shipment in order.shipments:
        _put_shipment(session, row, shipment, order.updated_at, now)
    _drop_replaced(session, row, order, now)
    redemptions.note(session, shop, order, now)
    settle_delivery(session, services, shop, row, now)


def _shipment_changed(
    session: Session,
    services: Services,
    shop: Shop,
    order_ref: str,
    shipment: Shipment,
    happened_at: datetime,
    now: datetime,
) -> None:
    row = rows.by_ref(session, shop.id, order_ref)
    if row is None:
        row = rows.stub(shop.id, order_ref, now)
        session.add(row)
        session.flush()
    if row.erased_at:
        return
    _put_shipment(session, row, shipment, happened_at, now)
    settle(session, services, shop, row, now)
    if not row.complete:
        ask_store(session, shop, order_ref, now)


def _put_shipment(session: Session, order: OrderRow, told: Shipment, at: datetime, now: datetime) -> None:
    at = min(at, now)
    row = next((known for known in rows.shipments(session, order.id) if known.ref == told.ref), None)
    if row is None:
        row = ShipmentRow(
            id=new_id("shipment", now), shop_id=order.shop_id, order_id=order.id, ref=told.ref,
            state=told.state, state_at=at,
        )  # fmt: skip
        session.add(row)
        _take_over(row, told)
        if told.state in ("under_way", "failed"):
            row.shipped_at = row.shipped_at or at
        history.note(session, order.shop_id, row.id, now, "store", "", told.state, told.confidence or "")
    elif transitions.supersedes(rows.as_shipment(row).state, row.state_at, told.state, at):
        if row.state != told.state:
            history.note(session, order.shop_id, row.id, now, "store", row.state, told.state, told.confidence or "")
        row.state, row.state_at = told.state, at
        _take_over(row, told)
    session.flush()


def _drop_replaced(session: Session, row: OrderRow, order: Order, now: datetime) -> None:
    """The store's view is the whole set: a parcel under way that it no longer names was replaced by those it names.

    WooCommerce names one parcel `order` until a tracking number gives it a name of its own.
    """
    named = {shipment.ref for shipment in order.shipments}
    for parcel in rows.shipments(session, row.id) if named else ():
        if parcel.ref not in named and parcel.state == "under_way" and parcel.state_at <= order.updated_at:
            history.note(session, row.shop_id, parcel.id, now, "store", parcel.state, "cancelled", "replaced")
            parcel.state = "cancelled"


def _take_over(row: ShipmentRow, told: Shipment) -> None:
    row.confidence = told.confidence or row.confidence
    row.carrier, row.tracking = told.carrier or row.carrier, told.tracking or row.tracking
    row.shipped_at = told.shipped_at or row.shipped_at
    if told.state == "delivered":
        row.delivered_at = told.delivered_at or row.state_at


def settle(session: Session, services: Services, shop: Shop, row: OrderRow, now: datetime) -> None:
    """See whether the order has arrived; one that could not be read yet waits, but not for ever."""
    if row.erased_at:
        silence.leave(session, row, now)
    elif row.complete:
        settle_delivery(session, services, shop, row, now)
    else:
        silence.unread(session, row, now)


def settle_delivery(session: Session, services: Services, shop: Shop, row: OrderRow, now: datetime) -> None:
    """See whether the order has arrived, by its status, its parcels or the time gone by, and plan what follows."""
    order = rows.facts(row)
    if delivery.gone(order):
        silence.leave(session, row, now)
        return
    _, policy = policy_of(session, services, shop)
    triggers = [delivery.parse_trigger(text) for text in policy.delivered_when]
    expected = None
    match delivery.delivery_of(order, triggers, now):
        case delivery.Delivered(at, confidence):
            _arrived(session, row, at, confidence, now)
        case delivery.Expected(at):
            expected = at
            key = f"assume:{row.id}:{at:%Y%m%dT%H%M%S}"
            tasks.put_task(session, shop.id, "AssumeDelivered", row.id, now, key=key, due_at=at)
    for parcel in silence.mark(session, row, policy, now, expected):
        _put_shipment(session, row, parcel, parcel.delivered_at or now, now)
    _plan(session, services, shop, row, order, policy, now)


def _arrived(session: Session, order: OrderRow, at: datetime, confidence: Confidence, now: datetime) -> None:
    parcels = [parcel for parcel in rows.shipments(session, order.id) if parcel.state != "cancelled"]
    open_refs = [parcel.ref for parcel in parcels if parcel.state != "delivered"] if parcels else ["order"]
    for ref in open_refs:
        _put_shipment(session, order, Shipment(ref, "delivered", confidence, delivered_at=at), at, now)


def _plan(
    session: Session, services: Services, shop: Shop, row: OrderRow, order: Order, policy: Policy, now: datetime
) -> None:
    parcels = [rows.as_shipment(parcel) for parcel in rows.shipments(session, row.id)]
    arrived = tuple(parcel for parcel in parcels if parcel.state == "delivered")
    if not arrived:
        return
    if row.delivered_at is None and delivery.last_delivery(parcels):
        row.delivered_at = delivery.last_delivery(parcels)
        history.note(session, shop.id, row.id, now, arrived[0].confidence or "store", "", "delivered")
    last = delivery.last_delivery(parcels)
    plan = after_delivery.plan(
        order,
        policy,
        shop_facts(services, shop),
        last or max(parcel.delivered_at or now for parcel in arrived),
        now,
        history_of(session, shop, row, order, now),
        parcels=tuple(parcel.ref for parcel in arrived),
        complete=last is not None,
    )
    outbox.put(session, row, plan, now)


def _order_removed(session: Session, shop: Shop, order_ref: str, now: datetime) -> None:
    row = rows.by_ref(session, shop.id, order_ref)
    if row is not None and row.state != "removed":
        history.note(session, shop.id, row.id, now, "store", row.state, "removed")
        row.state = "removed"
        if row.facts:
            row.facts = {**row.facts, "state": "removed"}
            redemptions.note(session, shop, rows.facts(row), now)
            silence.leave(session, row, now)
