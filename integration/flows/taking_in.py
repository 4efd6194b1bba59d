"""Takes in pages of orders that were asked for: those that tell something new, by the same door as a webhook."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from connectors.base import Page
from integration.db.outages import is_outage
from integration.db.queries import cursors, shops
from integration.domain.events import Event, OrderChanged, PersonErased, order_ref
from integration.flows import alerts, intake
from integration.flows.services import Services

CHUNK = 20  # orders in one transaction: a webhook must not wait long for the write lock
Thing = TypeVar("Thing")
log = logging.getLogger(__name__)


def page(services: Services, shop_id: str, found: Page) -> int:
    """Act on what is new; how many orders that were. One that fails is told to the owner and holds up no other."""
    events = _news(services, shop_id, found)
    failed = [*found.unreadable, *take(services, shop_id, events)]
    if failed:
        now = services.clock()
        with services.db.writing(shop_id) as session:
            shop = shops.shop(session, shop_id)
            alerts.tell_owner(session, services, shop, "orders_unreadable", now, orders=", ".join(failed[:20]))
    return len(events)


def _news(services: Services, shop_id: str, found: Page) -> list[Event]:
    refs = [*(order.ref for order in found.orders), *found.erased]
    with services.db.reading() as session:
        known = cursors.known(session, shop_id, refs)
        new = [order for order in found.orders if not cursors.tells_nothing_new(known.get(order.ref), order)]
        erased = [ref for ref in found.erased if ref in known and not known[ref].erased_at]
    return [*(OrderChanged(order, asked=True) for order in new), *map(PersonErased, erased)]


def take(services: Services, shop_id: str, events: Sequence[Event]) -> list[str]:
    """Handle each event, a few in one transaction; the store's ids of those that failed."""
    failed: list[str] = []
    for chunk in chunks(events):
        if not _taken(services, shop_id, chunk):  # one of them fails: each alone, so that the others do not
            failed += [order_ref(event) for event in chunk if not _taken(services, shop_id, [event])]
    if events:
        services.wake()
    return failed


def _taken(services: Services, shop_id: str, events: Sequence[Event]) -> bool:
    try:
        with services.db.writing(shop_id) as session:
            shop = shops.shop(session, shop_id)
            for event in events:
                intake.handle(session, services, shop, event, services.clock())
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("orders %s of %s could not be taken in", [order_ref(event) for event in events], shop_id)
        return False
    return True


def chunks(things: Iterable[Thing], size: int = CHUNK) -> Iterator[Sequence[Thing]]:
    """Pieces of at most `size`."""
    rest = iter(things)
    while piece := list(islice(rest, size)):
        yield piece
