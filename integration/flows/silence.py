"""Parcels that nothing is heard of: each has a day by which something happens, or an incident."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.care_tables import Incident
from integration.db.queries import orders, parcels
from integration.db.tables import ShipmentRow
from integration.domain.facts import Shipment
from integration.domain.ids import new_id
from integration.domain.policy import Policy
from integration.flows import history
from integration.flows.parcels import Parcels
from integration.rules import silence


def mark(session: Session, order: Parcels, policy: Policy, now: datetime, expected: datetime | None = None) -> None:
    """Give every parcel of an order its day, open and close its incidents; what is silent too long has arrived.

    `expected` is when the order's status will count as a delivery, which is soon enough.
    """
    for parcel in list(order):
        step = silence.step(orders.as_shipment(parcel), parcel.state_at, policy, now)
        if step is not None and expected is not None:
            step = silence.Wait(expected)
        if isinstance(step, silence.Assume):
            order.put(Shipment(parcel.ref, "delivered", "assumed", delivered_at=step.at), step.at, now)
            step = None
        _put(session, order, parcel, step, now)


def leave(session: Session, order: Parcels, now: datetime) -> None:
    """The order is gone: nobody waits for its parcels."""
    for parcel in order:
        _put(session, order, parcel, None, now)


def unread(session: Session, order: Parcels, now: datetime) -> None:
    """The order of these parcels could not be read yet."""
    for parcel in order:
        _put(session, order, parcel, silence.unread(parcel.state_at, now), now)


def _put(session: Session, order: Parcels, parcel: ShipmentRow, step: silence.Step, now: datetime) -> None:
    parcel.act_by = step.until if isinstance(step, silence.Wait) else None
    kind = step.kind if isinstance(step, silence.Incident) else ""
    known = {} if order.fresh else {incident.kind: incident for incident in parcels.incidents(session, parcel.id)}
    for incident in known.values():
        if incident.state == "open" and incident.kind != kind:
            _move(session, incident, "closed", now)
    if kind and (kind not in known or known[kind].state != "open"):
        _open(session, parcel, known.get(kind), kind, now)


def _open(session: Session, parcel: ShipmentRow, before: Incident | None, kind: str, now: datetime) -> None:
    incident = before or Incident(
        id=new_id("incident", now), shop_id=parcel.shop_id, order_id=parcel.order_id, shipment_id=parcel.id,
        kind=kind, state="", opened_at=now,
    )  # fmt: skip
    session.flush()  # the parcel first
    session.add(incident)
    _move(session, incident, "open", now)


def _move(session: Session, incident: Incident, state: str, now: datetime) -> None:
    history.note(session, incident.shop_id, incident.id, now, "policy", incident.state, state, incident.kind)
    incident.state = state
    if state == "open":
        incident.opened_at, incident.told_at, incident.closed_at = now, None, None
    else:
        incident.closed_at = now
