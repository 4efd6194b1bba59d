"""An order as the demo store writes it, in `orders.json` and in its webhooks.

    {"id": "1001", "status": "delivered", "placed_at": "2026-11-18T09:00:00Z", "updated_at": "…", "status_at": "…",
     "currency": "EUR", "total": "112.90", "email": "sam@example.com", "first_name": "Sam", "locale": "es",
     "shipping": {"name": "…", "street": "…", "city": "…", "postcode": "…", "country": "ES"},
     "items": [{"id": "1", "name": "Botas", "quantity": 1, "price": "89.00"}],
     "shipments": [{"id": "p1", "carrier": "…", "tracking": "…", "delivered_at": "2026-11-21T10:00:00Z"}]}

Needed are `id`, `status`, `placed_at`, `currency` and `total`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from connectors.payload import Payload
from integration.domain.facts import Address, Item, Order, OrderState, Shipment
from integration.domain.money import Money

_STATES: dict[str, OrderState] = {
    "shipped": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "refunded": "refunded",
    "draft": "draft",
}


def parse_order(order: Payload) -> Order:
    """The order; `BadPayload` with the path of what is wrong."""
    status, currency = order.text("status"), order.text("currency")
    if not status or len(currency) != 3:
        raise order.at("currency" if status else "status").wrong()
    placed_at = order.needed_moment("placed_at")
    updated_at = order.moment("updated_at") or placed_at
    status_at = order.moment("status_at") or updated_at
    items = tuple(_item(line, currency) for line in order.each("items"))
    return Order(
        ref=order.ref("id"),
        number=order.text("number") or order.ref("id"),
        state=_STATES.get(status, "open"),
        status=status,
        status_at=status_at,
        placed_at=placed_at,
        updated_at=updated_at,
        total=order.money("total", currency),
        subtotal=Money.of(sum((item.price.amount * item.quantity for item in items), Decimal(0)), currency),
        email=order.text("email"),
        first_name=order.text("first_name"),
        phone=order.text("phone"),
        locale=order.text("locale"),
        shipping=address(order.at("shipping")),
        billing=address(order.at("billing")),
        items=items,
        shipments=_shipments(order, status, status_at),
        discount_codes=order.texts("discount_codes"),
    )


def address(place: Payload) -> Address:
    """An address by the names of our own fields."""
    return Address(
        name=place.text("name"),
        company=place.text("company"),
        street=place.text("street"),
        street2=place.text("street2"),
        city=place.text("city"),
        region=place.text("region"),
        postcode=place.text("postcode"),
        country=place.text("country").upper(),
    )


def _item(line: Payload, currency: str) -> Item:
    price = line.money("price", currency)
    return Item(line.ref("id"), line.text("name"), line.whole("quantity", 1), price, line.text("sku"))


def _shipments(order: Payload, status: str, status_at: datetime) -> tuple[Shipment, ...]:
    parcels = tuple(_shipment(parcel) for parcel in order.each("shipments"))
    if parcels or _STATES.get(status) not in ("shipped", "delivered"):
        return parcels
    if status == "shipped":
        return (Shipment("order", shipped_at=status_at),)
    return (Shipment("order", "delivered", "store", delivered_at=status_at),)


def _shipment(parcel: Payload) -> Shipment:
    delivered_at = parcel.moment("delivered_at")
    return Shipment(
        ref=parcel.ref("id"),
        state="delivered" if delivered_at else "under_way",
        confidence="store" if delivered_at else None,
        carrier=parcel.text("carrier"),
        tracking=parcel.text("tracking"),
        shipped_at=parcel.moment("shipped_at"),
        delivered_at=delivered_at,
    )
