"""Parcels that nothing is heard of: each has a day by which something happens, or an incident."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.care_tables import Incident
from integration.db.queries import orders, parcels
from integration.db.tables import OrderRow, ShipmentRow
from integration.domain.facts import Shipment
from integration.domain.ids import new_id
from integration.domain.policy import Policy
from integration.flows import history
from integration.rules import silence


def mark(
    session: Session, row: OrderRow, policy: Policy, now: datetime, expected: datetime | None = None
) -> list[Shipment]:
    """Give every parcel of an order its day, open and close its incidents; those that count as delivered by now.

    `expected` is when the order's status will count as a delivery, which is soon enough.
    """
    assumed = []
    for parcel in orders.shipments(session, row.id):
        known = orders.as_shipment(parcel)
        step = silence.step(known, parcel.state_at, policy, now)
        if step is not None and expected is not None:
            step = silence.Wait(expected)
        _put(session, parcel, step, now)
        if isinstance(step, silence.Assume):
            assumed.append(Shipment(parcel.ref, "delivered", "assumed", delivered_at=step.at))
    return assumed


def leave(session: Session, row: OrderRow, now: datetime) -> None:
    """The order is gone: nobody waits for its parcels."""
    for parcel in orders.shipments(session, row.id):
        _put(session, parcel, None, now)


def unread(session: Session, row: OrderRow, now: datetime) -> None:
    """The order of these parcels could not be read yet."""
    for parcel in orders.shipments(session, row.id):
        _put(session, parcel, silence.unread(parcel.state_at, now), now)


def _put(session: Session, parcel: ShipmentRow, step: silence.Step, now: datetime) -> None:
    parcel.act_by = step.until if isinstance(step, silence.Wait) else None
    kind = step.kind if isinstance(step, silence.Incident) else ""
    known = {incident.kind: incident for incident in parcels.incidents(session, parcel.id)}
    for incident in known.values():
        if incident.state == "open" and incident.kind != kind:
            _move(session, incident, "closed", now)
    if not kind:
        return
    incident = known.get(kind) or Incident(
        id=new_id("incident", now), shop_id=parcel.shop_id, order_id=parcel.order_id, shipment_id=parcel.id,
        kind=kind, state="", opened_at=now,
    )  # fmt: skip
    if incident.state != "open":
        session.add(incident)
        _move(session, incident, "open", now)


def _move(session: Session, incident: Incident, state: str, now: datetime) -> None:
    history.note(session, incident.shop_id, incident.id, now, "policy", incident.state, state, incident.kind)
    incident.state = state
    if state == "open":
        incident.opened_at, incident.told_at, incident.closed_at = now, None, None
    else:
        incident.closed_at = now
