"""Parcels under way: which to ask the store for, which are due, and those that somebody has to look for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, update
from sqlmodel import Session, col, select

from integration.db.care_tables import Incident
from integration.db.tables import OrderRow, ShipmentRow, Shop

_OPEN = ("under_way", "failed")
_GONE = ("cancelled", "refunded", "removed", "draft")
Edges = Sequence[tuple[datetime, datetime]]


def to_ask_for(session: Session, shop_id: str, edges: Edges, most: int) -> Sequence[ShipmentRow]:
    """Open parcels that nobody asked for lately, the longest waiting first; `edges` as the rule gives them."""
    left_at = func.coalesce(ShipmentRow.shipped_at, ShipmentRow.state_at)
    asked_at = col(ShipmentRow.asked_at)
    rested = or_(*(and_(left_at >= oldest, or_(asked_at.is_(None), asked_at <= latest)) for oldest, latest in edges))
    query = select(ShipmentRow).join(OrderRow, col(OrderRow.id) == ShipmentRow.order_id)
    wanted = (ShipmentRow.shop_id == shop_id, col(ShipmentRow.state).in_(_OPEN), rested)
    alive = (col(OrderRow.erased_at).is_(None), col(OrderRow.state).not_in(_GONE))
    return session.exec(query.where(*wanted, *alive).order_by(asked_at.nulls_first(), ShipmentRow.id).limit(most)).all()


def asked(session: Session, parcels: Sequence[str], now: datetime) -> None:
    """The store was asked for these."""
    session.execute(update(ShipmentRow).where(col(ShipmentRow.id).in_(parcels)).values(asked_at=now))


def due(session: Session, now: datetime, most: int) -> Sequence[tuple[str, str]]:
    """Shop and order of parcels for which the day has come."""
    query = select(ShipmentRow.shop_id, ShipmentRow.order_id).join(Shop, col(Shop.id) == ShipmentRow.shop_id)
    come = (col(ShipmentRow.act_by).is_not(None), col(ShipmentRow.act_by) <= now, Shop.state != "paused")
    return session.exec(query.where(*come).order_by(col(ShipmentRow.act_by)).limit(most)).all()


def incidents(session: Session, shipment_id: str) -> Sequence[Incident]:
    """What was wrong with a parcel, now or before."""
    return session.exec(select(Incident).where(Incident.shipment_id == shipment_id)).all()


def untold(session: Session) -> Sequence[tuple[Incident, str]]:
    """Open incidents that the owner has not heard of, each with its order's number or the store's id of it."""
    query = select(Incident, OrderRow.number, OrderRow.ref).join(OrderRow, col(OrderRow.id) == Incident.order_id)
    found = session.exec(query.where(Incident.state == "open", col(Incident.told_at).is_(None)).order_by(Incident.id))
    return [(incident, number or ref) for incident, number, ref in found]
