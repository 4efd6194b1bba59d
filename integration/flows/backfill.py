"""Reads a shop's past once, page by page, so that the numbers have something to tell; nobody is mailed about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from connectors.base import Page, StoreConnector
from integration.db.care_tables import Cursor
from integration.db.queries import cursors, shops
from integration.flows import taking_in
from integration.flows.services import Services
from integration.flows.shops import connector_of
from integration.rules import reconcile as rules

STREAM = "backfill"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, by the time of the orders' last change: `done` is a share of 1, `seen` counts orders."""

    began_at: datetime
    position: datetime
    done: float
    seen: int


def run(services: Services, name: str, days: int) -> Iterator[Progress]:
    """Where it begins, then how far each page brought it; the end is the end.

    One that was interrupted goes on where it stood, whatever `days` says. Deliveries from before the shop went live
    end with that reason. Raises as the store's connector does; asked again, it goes on.
    """
    shop_id, row, connector = _begin(services, name, days)
    until = services.clock()
    yield progress(row, until)
    for read in pages(services, shop_id, row, connector):
        yield progress(read, until)


def pages(services: Services, shop_id: str, row: Cursor, connector: StoreConnector) -> Iterator[Cursor]:
    """How far each page brought it, from where it stood to the end."""
    since, at = rules.since(row.position), ""
    counted_to, before = row.position if row.seen else since, frozenset[str]()
    while True:
        page = connector.changed_orders(since, at)
        taking_in.page(services, shop_id, page)
        # a page may begin with orders of the one before
        new = sum(order.updated_at > counted_to and order.ref not in before for order in page.orders)
        at, before = page.next_cursor, frozenset(order.ref for order in page.orders)
        row = _advance(services, shop_id, page, new, last=not at)
        yield row
        if not at:
            return


def _begin(services: Services, name: str, days: int) -> tuple[str, Cursor, StoreConnector]:
    now = services.clock()
    since = now - timedelta(days=days)
    with services.db.writing() as session:
        shop = shops.shop_by_name(session, name)
        row = begun(session, shop.id, since, now)
        row.state = "open"
        return shop.id, row, connector_of(session, services, shop)


def begun(session: Session, shop_id: str, since: datetime, now: datetime) -> Cursor:
    """Where it stands, or from `since` on: the first time, and after the end."""
    row = cursors.find(session, shop_id, STREAM) or cursors.begin(session, shop_id, STREAM, since, now)
    if row.state == "done":
        row.began_at, row.position, row.seen = since, since, 0
    return row


def _advance(services: Services, shop_id: str, page: Page, new: int, *, last: bool) -> Cursor:
    now = services.clock()
    with services.db.writing(shop_id) as session:
        row = cursors.get(session, shop_id, STREAM)
        row.position = rules.advanced(row.position, (order.updated_at for order in page.orders), now)
        row.seen += new
        if last:
            row.state, row.looked_at = "done", now
        return row


def progress(row: Cursor, until: datetime) -> Progress:
    """How far this is on the way to `until`."""
    whole = (until - row.began_at).total_seconds()
    share = (row.position - row.began_at).total_seconds() / whole if whole > 0 else 1.0
    return Progress(row.began_at, row.position, 1.0 if row.state == "done" else min(share, 1.0), row.seen)
