"""Orders at the desk: the list, the search, and one order with its life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import complaints, lists, pages, shops
from integration.db.queries import orders as rows
from integration.db.tables import OrderRow
from integration.domain.facts import Order, Shipment
from integration.flows import timelines
from integration.flows.accounts import Person
from integration.flows.people import digest
from integration.flows.services import Services
from integration.flows.timelines import Coming, Moment
from integration.rules.compensation import identity_keys

PAGE = 50
FOUND_MAX = 100


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in the list; `state` is the store's, `arrived` what we know of its parcels."""

    id: str
    number: str
    shop: str
    state: str
    name: str
    placed_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order; `order` is `None` when it was not read yet, or erased."""

    id: str
    number: str
    shop: str
    state: str
    order: Order | None
    erased: bool
    delivered_at: datetime | None
    parcels: tuple[Shipment, ...]
    cases: tuple[tuple[str, str, str], ...]
    past: tuple[Moment, ...]
    coming: tuple[Coming, ...]


def listed(services: Services, shop_ids: Sequence[str], page: int) -> tuple[tuple[OrderLine, ...], bool]:
    """A page of orders, the newest first, and whether there are more."""
    with services.db.reading() as session:
        found = pages.orders(session, shop_ids, PAGE + 1, page * PAGE)
        return _lines(session, found[:PAGE]), len(found) > PAGE


def found(services: Services, shop_ids: Sequence[str], wanted: str) -> tuple[OrderLine, ...]:
    """Orders by their number, or by the shopper's whole e-mail address."""
    wanted = wanted.strip()[:254]
    keys = identity_keys(wanted, "", "") if "@" in wanted else ()
    people = [digest(shop_id, key) for shop_id in shop_ids for key in keys]
    with services.db.reading() as session:
        return _lines(session, lists.orders_called(session, shop_ids, wanted, people, FOUND_MAX))


def _lines(session: Session, found: Sequence[OrderRow]) -> tuple[OrderLine, ...]:
    names = {shop.id: shop.name for shop in shops.all_shops(session)}
    return tuple(
        OrderLine(
            row.id, row.number or row.ref, names[row.shop_id], row.state, str(row.facts.get("first_name", "")),
            row.placed_at, row.delivered_at,
        )
        for row in found
    )  # fmt: skip


def opened(services: Services, who: Person, order_id: str) -> OrderView:
    """One order with its life; `NotFound` also for another shop's."""
    with services.db.reading() as session:
        row = lists.order(session, who.shops, order_id)
        about = complaints.of_order(session, row.shop_id, row.id)
        return OrderView(
            id=row.id,
            number=row.number or row.ref,
            shop=shops.shop(session, row.shop_id).name,
            state=row.state,
            order=rows.facts(row) if row.facts else None,
            erased=row.erased_at is not None,
            delivered_at=row.delivered_at,
            parcels=tuple(rows.as_shipment(parcel) for parcel in rows.shipments(session, row.id)),
            cases=tuple((case.id, case.number, case.state) for case in about),
            past=timelines.past(session, row),
            coming=timelines.coming(session, row),
        )
