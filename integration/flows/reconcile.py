"""Finds what webhooks missed: changed orders by cursor, open parcels by id; and heals the webhooks (E7)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlmodel import Session

from connectors.base import StoreConnector
from integration.db.care_tables import Cursor
from integration.db.queries import cursors, parcels, shops
from integration.db.tables import ShipmentRow
from integration.domain.errors import Permanent, Refused, SinkError
from integration.domain.facts import Shipment
from integration.flows import alerts, identity, pauses, subscriptions, taking_in
from integration.flows.services import Services
from integration.flows.shops import connector_of
from integration.rules import reconcile as rules

STREAM = "reading"
_BATCH = 50
_MOST_PARCELS = 1000  # of one look; the rest waited shortest and comes next time
Going = Callable[[], bool]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a shop found: changes that were new, topics of webhooks that were made, and what went wrong."""

    shop: str
    found: int = 0
    made: tuple[str, ...] = ()
    problem: SinkError | None = None


def due(services: Services) -> list[str]:
    """Ids of the shops whose look is due."""
    with services.db.reading() as session:
        return list(cursors.due(session, services.clock()))


def look(
    services: Services,
    shop_id: str,
    going: Going = lambda: True,
    *,
    subscribe: bool = False,
    now_anyhow: bool = False,
) -> Look | None:
    """One look at one shop; `None` when another worker has it, or it is paused or refuses us.

    `going` is asked between pages; false ends the look early, and the next one goes on from there. `subscribe` makes
    webhooks by the store's API even where they may stand in the app's configuration, which no API shows. `now_anyhow`
    is a person who asks for it before its time.
    """
    begun = _begin(services, shop_id, now_anyhow=now_anyhow)
    if begun is None:
        return None
    name, cursor = begun
    with services.db.reading() as session:  # only now: a shop whose keys cannot be read has had its turn
        connector = connector_of(session, services, shops.shop(session, shop_id))
    found, healed = 0, subscriptions.Healed()
    problem: SinkError | None = identity.doubt(services, shop_id, connector)
    if problem is None:
        healed = subscriptions.heal(services, shop_id, connector, cursor, anyhow=subscribe)
        changes = _changes(services, shop_id, connector, cursor, going)
        try:
            for new in chain(changes, _parcels(services, shop_id, connector, going)):
                found += new
        except SinkError as error:
            problem = error
    with services.db.writing(shop_id) as session:
        _end(session, services, cursor, found, problem, healed, whole=going())
    return Look(name, found, healed.made, problem)


def _begin(services: Services, shop_id: str, *, now_anyhow: bool) -> tuple[str, Cursor] | None:
    now = services.clock()
    with services.db.writing(shop_id) as session:
        shop = shops.shop(session, shop_id)
        cursor = cursors.find(session, shop_id, "changes")
        cursor = cursor or cursors.begin(session, shop_id, "changes", shop.created_at, now)
        if now_anyhow:
            cursor.due_at = now
            session.flush()
        stands = pauses.held_until(session, shop_id, STREAM, now)
        held = stands.until and not (now_anyhow and stands.reason != "shop_paused")
        if held or not cursors.claim(session, cursor, now, rules.again(now)):
            return None
        return shop.name, cursor


def _changes(
    services: Services, shop_id: str, connector: StoreConnector, cursor: Cursor, going: Going
) -> Iterator[int]:
    since, at = cursor.resume_at or rules.since(cursor.position), ""
    while going():
        page = connector.changed_orders(since, at)
        yield taking_in.page(services, shop_id, page)
        services.checkpoint("page_taken")
        changed = [order.updated_at for order in page.orders]
        _advance(services, shop_id, "changes", changed)
        cursor.resume_at = rules.advanced(since, changed, services.clock())
        at = page.next_cursor
        if not at:
            return


def _advance(services: Services, shop_id: str, stream: str, changed: list[datetime]) -> None:
    """Keep the place, so that whatever happens next, what was taken in is not read again."""
    with services.db.reading() as session:
        old = cursors.get(session, shop_id, stream).position
    new = rules.advanced(old, changed, services.clock())
    if new != old:
        with services.db.writing(shop_id) as session:
            cursors.get(session, shop_id, stream).position = new


def _parcels(services: Services, shop_id: str, connector: StoreConnector, going: Going) -> Iterator[int]:
    if not connector.capabilities.parcels_by_id:
        return
    now = services.clock()
    with services.db.reading() as session:
        rows = parcels.to_ask_for(session, shop_id, rules.parcel_edges(now), _MOST_PARCELS)
        known = {row.ref: row for row in rows}
    for refs in taking_in.chunks(known, _BATCH):
        if not going():
            return
        told = connector.open_shipments(refs)
        news = [event for event in told if _is_news(known.get(event.shipment.ref), event.shipment)]
        taking_in.take(services, shop_id, news)
        with services.db.writing(shop_id) as session:
            parcels.asked(session, [known[ref].id for ref in refs], now)
        yield len(news)


def _is_news(row: ShipmentRow | None, told: Shipment) -> bool:
    return row is not None and row.state != told.state


def _end(
    session: Session,
    services: Services,
    read: Cursor,
    found: int,
    problem: SinkError | None,
    healed: subscriptions.Healed,
    *,
    whole: bool,
) -> None:
    now, shop_id = services.clock(), read.shop_id
    cursor = cursors.get(session, shop_id, "changes")
    cursor.missed += found
    cursor.resume_at = None if whole and problem is None else read.resume_at
    if problem is not None:
        _failed(session, services, cursor, problem, now)
    elif not whole:
        cursor.due_at = now
    else:
        cursor.looked_at, cursor.reason = now, ""
        pauses.end(session, shop_id, STREAM)
        subscriptions.tell(session, services, shops.shop(session, shop_id), cursor, healed, now)


def _failed(session: Session, services: Services, cursor: Cursor, problem: SinkError, now: datetime) -> None:
    log.info("shop %s could not be read: %s", cursor.shop_id, problem)
    cursor.reason = problem.code
    cursor.due_at = rules.again(now, getattr(problem, "retry_after", None), failed=True)
    if isinstance(problem, Refused):
        cursor.due_at = pauses.begin(session, services, cursor.shop_id, STREAM, problem, now)
    elif isinstance(problem, Permanent):
        shop = shops.shop(session, cursor.shop_id)
        alerts.tell_owner(session, services, shop, problem.code, now, **problem.params)
