"""Takes an event of any door (webhook, poll, carrier, person) into the state, and plans what follows from it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.queries import orders as rows
from integration.db.queries import outbox as tasks
from integration.db.tables import OrderRow, Shop
from integration.domain.events import (
    Event,
    OrderChanged,
    OrderMentioned,
    OrderRemoved,
    ShipmentChanged,
    StoreComplained,
)
from integration.domain.facts import Order, Shipment
from integration.domain.policy import Policy
from integration.flows import alerts, connecting, history, outbox, partings, redemptions, silence
from integration.flows.known import history_of, shop_facts
from integration.flows.parcels import Parcels
from integration.flows.people import customer_key
from integration.flows.services import Services
from integration.flows.shops import policy_of
from integration.rules import after_delivery, delivery


def handle(session: Session, services: Services, shop: Shop, event: Event, now: datetime) -> None:
    """One event, in the caller's transaction; told three times it acts once."""
    match event:
        case OrderChanged(order, asked):
            _order_changed(session, services, shop, order, asked, now)
        case ShipmentChanged(order_ref, shipment, happened_at):
            _shipment_changed(session, services, shop, order_ref, shipment, happened_at, now)
        case OrderMentioned(order_ref):
            ask_store(session, shop, order_ref, now)
        case OrderRemoved(order_ref):
            _order_removed(session, shop, order_ref, now)
        case StoreComplained(code, detail):
            connecting.complained(shop, code)
            alerts.tell_owner(session, services, shop, code, now, detail=detail)
        case parting:
            partings.take(session, services, shop, parting, now)


def ask_store(session: Session, shop: Shop, order_ref: str, now: datetime) -> None:
    """Have the order read from the store; many mentions of one minute are one look-up."""
    tasks.put_task(session, shop.id, "FetchOrder", order_ref, now, key=f"fetch:{order_ref}:{now:%Y%m%d%H%M}")


def _order_changed(session: Session, services: Services, shop: Shop, order: Order, asked: bool, now: datetime) -> None:
    row = rows.by_ref(session, shop.id, order.ref)
    if order.state == "draft" and row is None:
        return
    fresh = row is None
    if row is None:
        row = rows.stub(shop.id, order.ref, now)
        session.add(row)
    if row.erased_at or (row.complete and order.updated_at < row.updated_at):
        return
    if not asked and not rows.unambiguous(row, order):
        ask_store(session, shop, order.ref, now)
        return
    if row.complete and row.state != order.state:
        history.note(session, shop.id, row.id, now, "store", row.state, order.state)
    rows.put_facts(row, order, customer_key(shop.id, order))
    session.flush()
    parcels = Parcels(session, row, fresh=fresh)
    for shipment in order.shipments:
        parcels.put(shipment, order.updated_at, now)
    parcels.drop_replaced(order, now)
    redemptions.note(session, shop, order, now)
    _settle_delivery(session, services, shop, row, parcels, order, now)


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
    parcels = Parcels(session, row)
    parcels.put(shipment, happened_at, now)
    session.flush()
    settle(session, services, shop, row, now, parcels)
    if not row.complete:
        ask_store(session, shop, order_ref, now)


def settle(
    session: Session, services: Services, shop: Shop, row: OrderRow, now: datetime, parcels: Parcels | None = None
) -> None:
    """See whether the order has arrived; one that could not be read yet waits, but not for ever."""
    parcels = parcels or Parcels(session, row)
    if row.erased_at:
        silence.leave(session, parcels, now)
    elif row.complete:
        _settle_delivery(session, services, shop, row, parcels, rows.facts(row), now)
    else:
        silence.unread(session, parcels, now)


def _settle_delivery(
    session: Session, services: Services, shop: Shop, row: OrderRow, parcels: Parcels, order: Order, now: datetime
) -> None:
    """By its status, its parcels or the time gone by; and plan what follows."""
    if delivery.gone(order):
        silence.leave(session, parcels, now)
        return
    parcels.stand_in(order, now)
    _, policy = policy_of(session, services, shop)
    triggers = [delivery.parse_trigger(text) for text in policy.delivered_when]
    expected = None
    match delivery.delivery_of(order, triggers, now):
        case delivery.Delivered(at, confidence):
            parcels.arrive(at, confidence, now)
        case delivery.Expected(at):
            expected = at
            key = f"assume:{row.id}:{at:%Y%m%dT%H%M%S}"
            tasks.put_task(session, shop.id, "AssumeDelivered", row.id, now, key=key, due_at=at)
    silence.mark(session, parcels, policy, now, expected)
    _plan(session, services, shop, row, parcels, order, policy, now)


def _plan(
    session: Session,
    services: Services,
    shop: Shop,
    row: OrderRow,
    parcels: Parcels,
    order: Order,
    policy: Policy,
    now: datetime,
) -> None:
    arrived = tuple(parcel for parcel in parcels.known if parcel.state == "delivered")
    if not arrived:
        return
    last = delivery.last_delivery(parcels.known)
    if row.delivered_at is None and last:
        row.delivered_at = last
        history.note(session, shop.id, row.id, now, arrived[0].confidence or "store", "", "delivered")
    facts = shop_facts(services, shop)
    at = last or max(parcel.delivered_at or now for parcel in arrived)
    past = after_delivery.past(policy, facts, at, now) is not None
    known = history_of(session, shop, row, order, now, past=past, fresh=parcels.fresh)
    refs = tuple(parcel.ref for parcel in arrived)
    plan = after_delivery.plan(order, policy, facts, at, now, known, parcels=refs, complete=last is not None)
    outbox.put(session, row, plan, known.already, now)


def _order_removed(session: Session, shop: Shop, order_ref: str, now: datetime) -> None:
    row = rows.by_ref(session, shop.id, order_ref)
    if row is not None and row.state != "removed":
        history.note(session, shop.id, row.id, now, "store", row.state, "removed")
        row.state = "removed"
        if row.facts:
            row.facts = {**row.facts, "state": "removed"}
            redemptions.note(session, shop, rows.facts(row), now)
            silence.leave(session, Parcels(session, row), now)
