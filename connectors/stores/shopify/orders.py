"""Orders, from the body of a webhook or from GraphQL under the same names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from connectors.payload import Payload
from connectors.stores.shopify import shipments
from integration.domain.facts import Address, Item, Order, OrderState, Shipment
from integration.domain.money import Money

# Webhooks have no word for "nothing sent yet", and their own for "some of it".
_SENT = {"": "unfulfilled", "partial": "partially_fulfilled"}
_CURRENCY = re.compile("[A-Z]{3}")
_COUNTRY = re.compile("[A-Z]{2}")


def number_of(gid: str) -> str:
    """The number in `gid://shopify/Order/123`, which is the id that webhooks use."""
    return gid.rsplit("/", 1)[-1]


def order_of(told: Payload, lines: Iterable[Payload] | None = None) -> Order:
    """The order in the shop's currency; what Shopify withheld is empty. `BadPayload` with the path.

    `lines` are the order's lines where they do not stand in it (GraphQL hands them out in pages).
    """
    customer, shipping = told.at("customer"), told.at("shipping_address")
    parcels = tuple(shipments.of_fulfillment(parcel) for parcel in told.each("fulfillments"))
    sent = told.text("fulfillment_status").lower()
    status = _status(_SENT.get(sent, sent), parcels)
    total = _amount(told, "total_price")
    return Order(
        ref=told.ref("id"),
        number=told.text("name"),
        state=_state(told, sent),
        status=status,
        status_at=_status_at(status, parcels),
        placed_at=told.moment("processed_at") or told.needed_moment("created_at"),
        updated_at=told.needed_moment("updated_at"),
        total=total,
        subtotal=_amount(told, "subtotal_price") if _has_amount(told, "subtotal_price") else total,
        email=_email(told, customer),
        first_name=customer.text("first_name") or shipping.text("first_name"),
        phone=told.text("phone") or shipping.text("phone"),
        customer_ref=number_of(customer.ref("id")) if customer.at("id") else "",
        locale=told.text("customer_locale"),
        shipping=_address(shipping),
        billing=_address(told.at("billing_address")),
        items=tuple(_items(told.each("line_items") if lines is None else lines, told)),
        shipments=parcels,
        discount_codes=_codes(told),
        accepts_marketing=told.flag("buyer_accepts_marketing"),
    )


def _state(told: Payload, sent: str) -> OrderState:
    if told.moment("cancelled_at"):
        return "cancelled"
    if told.text("financial_status").lower() == "refunded":
        return "refunded"
    return "shipped" if sent == "fulfilled" else "open"


def _status(sent: str, parcels: Sequence[Shipment]) -> str:
    """`delivered` when everything was sent and every parcel that exists has arrived, else Shopify's own word."""
    real = [parcel for parcel in parcels if parcel.state != "cancelled"]
    arrived = bool(real) and all(parcel.state == "delivered" for parcel in real)
    return "delivered" if arrived and sent == "fulfilled" else sent


def _status_at(status: str, parcels: Sequence[Shipment]) -> datetime | None:
    if status == "delivered":
        return max((parcel.delivered_at for parcel in parcels if parcel.delivered_at), default=None)
    if status == "fulfilled":
        return max((parcel.shipped_at for parcel in parcels if parcel.shipped_at), default=None)
    return None


def _has_amount(told: Payload, name: str) -> bool:
    return bool(told.at(f"{name}_set")) or bool(told.at(name))


def _amount(told: Payload, name: str, currency: str = "") -> Money:
    """`total_price_set.shop_money`, which names its currency, else `total_price` in the order's."""
    money = told.at(f"{name}_set").at("shop_money")
    if money:
        return money.money("amount", _currency(money, "currency_code"))
    return told.money(name, currency or _currency(told, "currency"))


def _currency(told: Payload, name: str) -> str:
    currency = told.text(name)
    if not _CURRENCY.fullmatch(currency):
        raise told.at(name).wrong()
    return currency


def _email(told: Payload, customer: Payload) -> str:
    own = told.text("email") or told.text("contact_email")
    return own or customer.text("email") or customer.at("contact").text("email")


def _address(told: Payload) -> Address:
    country = told.text("country_code").upper()
    return Address(
        name=told.text("name"),
        company=told.text("company"),
        street=told.text("address1"),
        street2=told.text("address2"),
        city=told.text("city"),
        region=told.text("province"),
        postcode=told.text("zip"),
        country=country if _COUNTRY.fullmatch(country) else "",
    )


def _items(lines: Iterable[Payload], order: Payload) -> Iterator[Item]:
    for line in lines:
        quantity = line.whole("current_quantity", line.whole("quantity"))
        if quantity <= 0:  # taken off the order by an edit or a refund
            continue
        yield Item(
            ref=number_of(line.ref("id")),
            name=line.text("name") or line.text("title"),
            quantity=quantity,
            price=_amount(line, "price", order.text("currency")),
            sku=line.text("sku"),
            physical=line.flag("requires_shipping") is not False,
        )


def _codes(told: Payload) -> tuple[str, ...]:
    """Objects in a webhook, plain texts in GraphQL."""
    written = (entry.text("code") for entry in told.each("discount_codes"))
    return tuple(code for code in written if code) + told.texts("used_codes")
