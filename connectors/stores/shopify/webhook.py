"""Webhooks: whose they are, and what they tell. Facts: 2.1 (topics), 2.4 (headers and signature)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from connectors.base import Delivery
from connectors.payload import Payload
from connectors.signing import signed
from connectors.stores.shopify import shipments
from connectors.stores.shopify.orders import order_of
from integration.domain.errors import BadPayload, BadSignature
from integration.domain.events import (
    AppUninstalled,
    Event,
    OrderChanged,
    OrderMentioned,
    OrderRemoved,
    PersonAsked,
    PersonForgotten,
    ShipmentChanged,
    ShopForgotten,
)
from integration.domain.facts import Person

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9_-]*\.myshopify\.com")
_ID = re.compile(r"[A-Za-z0-9:._-]{1,100}")


def shop_domain(written: str) -> str:
    """`mia.myshopify.com` in lower case, empty for anything else (the whole text has to match)."""
    domain = written.lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


def typed_domain(text: str) -> str:
    """The domain in what a person types or copies: the name alone, the domain, or an address of the shop's admin."""
    typed = text.strip().lower()
    admin = re.match(r"(?:https://)?admin\.shopify\.com/store/([a-z0-9][a-z0-9-]*)", typed)
    name = admin[1] if admin else typed.removeprefix("https://").split("/")[0]
    return shop_domain(name if "." in name else f"{name}.myshopify.com")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
    """`BadSignature`; `BadPayload("shop_mismatch")` when the signed body names another shop than the header.

    Only the body is signed. The key outlives retries, which repeat the id; a sender without ids is told apart
    by its body.
    """
    if not signed(body, _header(headers, "hmac-sha256"), secrets):
        raise BadSignature("bad_signature")
    domain = shop_domain(_header(headers, "shop-domain"))
    named = _named_shop(body)
    if named and named != domain:
        raise BadPayload("shop_mismatch", header=domain, body=named)
    given = _header(headers, "webhook-id")
    key = given if _ID.fullmatch(given) else hashlib.sha256(body).hexdigest()
    return Delivery(_header(headers, "topic").strip().lower()[:200], key, shop_ref=domain)


def parse(topic: str, body: bytes) -> list[Event]:
    """Their body as our events; `[]` for a topic that tells us nothing."""
    read = _READERS.get(topic)
    return read(Payload.of(body)) if read else []


def _header(headers: Mapping[str, str], name: str) -> str:
    # Shopify's newer Events system drops the `x-` (facts 2.4).
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}", "")


def _named_shop(body: bytes) -> str:
    """The shop that a body names of itself: privacy topics and those whose body is the shop."""
    try:
        told = Payload.of(body)
        return (told.text("shop_domain") or told.text("myshopify_domain")).lower()
    except BadPayload:
        return ""  # `parse` will say what is wrong with it


def _order_changed(told: Payload) -> list[Event]:
    return [OrderChanged(order_of(told))]


def _order_removed(told: Payload) -> list[Event]:
    # The topic is not signed: only the body of a removal, which is the bare id, may remove an order.
    ref = told.ref("id")
    return [OrderRemoved(ref) if set(told.value) == {"id"} else OrderMentioned(ref)]


def _order_edited(told: Payload) -> list[Event]:
    # The body is the edit, not the order.
    return [OrderMentioned(told.at("order_edit").ref("order_id"))]


def _shipment_changed(told: Payload) -> list[Event]:
    shipment = shipments.of_fulfillment(told)
    return [ShipmentChanged(told.ref("order_id"), shipment, told.needed_moment("updated_at"))]


def _shipment_event(told: Payload) -> list[Event]:
    return [ShipmentChanged(told.ref("order_id"), shipments.of_event(told), told.needed_moment("happened_at"))]


# The topic is not signed: only a body of its very shape may have somebody forgotten.
def _person(told: Payload, orders: str) -> Person:
    if not told.at(orders):
        raise told.at(orders).wrong()
    customer = told.at("customer")  # may hold nothing but an address (facts 4.2)
    ref = customer.ref("id") if customer.at("id") else ""
    return Person(customer.text("email"), customer.text("phone"), ref, told.refs(orders))


def _person_forgotten(told: Payload) -> list[Event]:
    return [PersonForgotten(_person(told, "orders_to_redact"))]


def _person_asked(told: Payload) -> list[Event]:
    return [PersonAsked(_person(told, "orders_requested"))]


def _shop_forgotten(told: Payload) -> list[Event]:
    if not told.at("shop_domain") or set(told.value) - {"shop_id", "shop_domain"}:
        raise told.wrong()
    return [ShopForgotten()]


_READERS: dict[str, Callable[[Payload], list[Event]]] = {
    "orders/create": _order_changed,
    "orders/updated": _order_changed,
    "orders/paid": _order_changed,
    "orders/fulfilled": _order_changed,
    "orders/partially_fulfilled": _order_changed,
    "orders/cancelled": _order_changed,
    "orders/edited": _order_edited,
    "orders/delete": _order_removed,
    "fulfillments/create": _shipment_changed,
    "fulfillments/update": _shipment_changed,
    "fulfillment_events/create": _shipment_event,
    "customers/redact": _person_forgotten,
    "customers/data_request": _person_asked,
    "shop/redact": _shop_forgotten,
    "app/uninstalled": lambda _told: [AppUninstalled()],
}
