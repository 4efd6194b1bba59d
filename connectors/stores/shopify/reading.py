"""Orders and parcels as they are now: one, those that changed, and parcels by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connectors.base import Page
from connectors.payload import Payload
from connectors.stores.shopify import orders, shipments
from connectors.stores.shopify.client import Client
from integration.domain.errors import BadPayload
from integration.domain.events import ShipmentChanged
from integration.domain.facts import Order

_BATCH = 50
_PARCELS = 4  # as many as changed_orders.graphql asks for: an order that has them all may have more


def order(client: Client, ref: str) -> Order | None:
    """The order with all its lines; `None` for one that the store does not show."""
    if not (ref.isascii() and ref.isdigit()):
        return None
    gid = f"gid://shopify/Order/{ref}"
    told = client.run("order", id=gid).at("order")
    return orders.order_of(told, _lines(client, gid, told)) if told else None


def changed(client: Client, since: datetime, cursor: str) -> Page:
    """A page of orders by the time of their last change.

    Our cursor is a time and, within orders of one second, a cursor of Shopify's: no change can shift it.
    """
    written, _, after = cursor.partition("|")
    begin = datetime.fromisoformat(written) if written else since.astimezone(UTC)
    query = f"updated_at:>='{begin:%Y-%m-%dT%H:%M:%SZ}'"
    told = client.run("changed_orders", query=query, after=after or None).at("orders")
    found: list[Order] = []
    unreadable: list[str] = []
    for node in told.each("nodes"):
        try:
            whole = _whole(client, node)
        except BadPayload as error:
            named = node.value.get("id") if isinstance(node.value, dict) else None
            unreadable.append(str(named or error.params.get("path", ""))[:80])
        else:
            found += [whole] if whole else []
    return Page(tuple(found), _next(told, begin, after), unreadable=tuple(unreadable))


def _next(told: Payload, begin: datetime, after: str) -> str:
    page, last = told.at("pageInfo"), [node.moment("updated_at") for node in told.each("nodes")][-1:]
    following = page.text("endCursor")
    if not page.flag("hasNextPage") or not last or following == after:
        return ""
    changed_at = last[0] or begin
    return f"{changed_at.isoformat()}|" if changed_at > begin else f"{begin.isoformat()}|{following}"


def _whole(client: Client, told: Payload) -> Order | None:
    ref = told.ref("id")
    if len(list(told.each("fulfillments"))) >= _PARCELS:
        return order(client, ref)
    return orders.order_of(told, _lines(client, f"gid://shopify/Order/{ref}", told))


def _lines(client: Client, gid: str, told: Payload) -> Iterator[Payload]:
    page = told.at("lines")
    seen: set[str] = set()
    while True:
        yield from page.each("nodes")
        cursor = page.at("pageInfo").text("endCursor")
        if not page.at("pageInfo").flag("hasNextPage") or cursor in seen:
            return
        seen.add(cursor)
        page = client.run("order_lines", id=gid, after=cursor).at("order").at("lines")


def parcels(client: Client, refs: Sequence[str]) -> list[ShipmentChanged]:
    """Parcels by their ids; unknown ones are left out."""
    found = []
    for start in range(0, len(refs), _BATCH):
        ids = [f"gid://shopify/Fulfillment/{ref}" for ref in refs[start : start + _BATCH]]
        nodes = client.run("shipments", ids=ids).each("nodes")
        found += [_shipment_changed(told) for told in nodes if told.at("id")]
    return found


def _shipment_changed(told: Payload) -> ShipmentChanged:
    shipment = shipments.of_fulfillment(told)
    at = shipment.delivered_at or told.needed_moment("updated_at")
    return ShipmentChanged(told.at("order").ref("id"), shipment, at)
