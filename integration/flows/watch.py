"""Looks after parcels whose day has come, and tells the owner of those that somebody has to look for."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.outages import is_outage
from integration.db.queries import orders, parcels, shops
from integration.domain.errors import PostventaError
from integration.flows import alerts, intake
from integration.flows.services import Services

_BATCH = 200
_NAMED = 20
_AGAIN = timedelta(hours=1)
NOTICES = {
    "silent": "parcels_silent",
    "failed": "parcels_failed",
    "returning": "parcels_returning",
    "unread": "parcels_unread",
}
log = logging.getLogger(__name__)


def run(services: Services) -> int:
    """Every parcel that is due; how many. The owner gets one mail for all of a kind, not one for each."""
    done = 0
    while due := _due(services):
        for shop_id, order_id in due:
            _settle(services, shop_id, order_id)
        done += len(due)
    _tell(services)
    if done:
        services.wake()
    return done


def _due(services: Services) -> list[tuple[str, str]]:
    with services.db.reading() as session:
        return list(dict.fromkeys(parcels.due(session, services.clock(), _BATCH)))


def _settle(services: Services, shop_id: str, order_id: str) -> None:
    now = services.clock()
    with services.db.writing(shop_id) as session:
        row = orders.get(session, shop_id, order_id)
        try:
            with session.begin_nested():
                intake.settle(session, services, shops.shop(session, shop_id), row, now)
        except Exception as error:
            if is_outage(error):
                raise
            log.warning("order %s: %s", order_id, error, exc_info=not isinstance(error, PostventaError))
        for parcel in orders.shipments(session, order_id):
            if parcel.act_by and parcel.act_by <= now:
                parcel.act_by = now + _AGAIN  # it was not settled: later, or this would go on for ever


def _tell(services: Services) -> None:
    with services.db.reading() as session:
        if not parcels.untold(session):
            return
    now = services.clock()
    with services.db.writing() as session:
        _tell_in(session, services, now)


def _tell_in(session: Session, services: Services, now: datetime) -> None:
    numbers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for incident, number in parcels.untold(session):
        numbers[incident.shop_id, incident.kind].append(number)
        incident.told_at = now
    for (shop_id, kind), of_orders in numbers.items():
        named = ", ".join(of_orders[:_NAMED]) + (" …" if len(of_orders) > _NAMED else "")
        shop = shops.shop(session, shop_id)
        alerts.tell_owner(session, services, shop, NOTICES[kind], now, orders=named)
