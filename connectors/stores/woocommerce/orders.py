"""A WooCommerce order, as REST v3 and its webhooks write it, becomes our Order."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from connectors.payload import Payload
from integration.domain.errors import BadPayload
from integration.domain.facts import Address, Item, Order, OrderState, Shipment
from integration.domain.money import Money

# Core knows no "delivered": that and "shipped" are slugs of Advanced Shipment Tracking and its kin.
_STATES: dict[str, OrderState] = {
    "completed": "shipped",
    "shipped": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "refunded": "refunded",
    "trash": "removed",
    # The block checkout announces carts as orders; an unpaid or failed one is no sale either.
    "checkout-draft": "draft",
    "auto-draft": "draft",
    "pending": "draft",
    "failed": "draft",
}

# Core keeps no language with an order; WPML, Polylang, TranslatePress and Weglot do.
_LANGUAGE_KEYS = (
    *("wpml_language", "_wpml_language", "_polylang_lang", "_pll_language", "pll_language"),
    *("trp_language", "_trp_language", "weglot", "weglot_language", "_weglot_language"),
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRACKING_KEY = "_wc_shipment_tracking_items"
_FULFILLED_KEY = "_fulfillment_status"

WHOLE_ORDER = "order"
"""The `ref` of the one shipment of an order that has no tracking numbers."""


def parse_order(order: Payload) -> Order:
    """The order; `BadPayload` with the path of what is missing or of the wrong kind."""
    currency, status = _needed(order, "currency", _CURRENCY), _needed(order, "status")
    placed_at = _utc(order, "date_created_gmt")
    if placed_at is None:
        raise order.at("date_created_gmt").wrong()
    updated_at = _utc(order, "date_modified_gmt") or placed_at
    completed_at = _utc(order, "date_completed_gmt")
    status_at = completed_at if status == "completed" and completed_at else updated_at
    metas = _metas(order)
    billing = order.at("billing")
    totals = _line_totals(order, currency)
    return Order(
        ref=order.ref("id"),
        # Plugins for sequential numbers make it differ from the id.
        number=order.ref("number") if order.at("number") else order.ref("id"),
        state=_state(status, metas),
        status=status,
        status_at=status_at,
        placed_at=placed_at,
        updated_at=updated_at,
        total=order.money("total", currency),
        subtotal=sum(totals, start=Money.of(0, currency)),
        email=billing.text("email"),
        first_name=billing.text("first_name") or order.at("shipping").text("first_name"),
        phone=billing.text("phone"),
        customer_ref=str(order.whole("customer_id") or ""),
        locale=_locale(metas),
        shipping=_address(order.at("shipping")),
        billing=_address(billing),
        items=_items(order, totals),
        shipments=_shipments(_state(status, metas), metas, status_at, completed_at),
        discount_codes=tuple(line.text("code") for line in order.each("coupon_lines")),
    )


def _state(status: str, metas: dict[str, Any]) -> OrderState:
    """By its status; core's Fulfillments say "sent" beside one that does not (facts 2.5)."""
    state = _STATES.get(status, "open")
    return "shipped" if state == "open" and metas.get(_FULFILLED_KEY) == "fulfilled" else state


def is_anonymized(order: Payload) -> bool:
    """Whether WordPress erased the shopper: it says so in the metadata and in the address it puts there."""
    erased = order.at("billing").text("email").lower() == "deleted@site.invalid"
    return erased or _metas(order).get("_anonymized") == "yes"


def _needed(order: Payload, name: str, shape: re.Pattern[str] | None = None) -> str:
    written = order.text(name)
    if not written or (shape and not shape.fullmatch(written)):
        raise order.at(name).wrong()
    return written


def _utc(order: Payload, name: str) -> datetime | None:
    """`date_x_gmt` is UTC without saying so; the fields without `_gmt` are the shop's zone, and never used."""
    written = order.text(name)
    return Payload({name: f"{written.removesuffix('Z')}Z"}, order.path).moment(name) if written else None


def _metas(order: Payload) -> dict[str, Any]:
    return {meta.text("key"): meta.at("value").value for meta in order.each("meta_data")}


def _locale(metas: dict[str, Any]) -> str:
    words = [metas.get(key) for key in _LANGUAGE_KEYS]
    return next((word for word in words if isinstance(word, str) and _LANGUAGE.fullmatch(word)), "")


def _address(place: Payload) -> Address:
    return Address(
        name=" ".join(part for part in (place.text("first_name"), place.text("last_name")) if part),
        company=place.text("company"),
        street=place.text("address_1"),
        street2=place.text("address_2"),
        city=place.text("city"),
        region=place.text("state"),
        postcode=place.text("postcode"),
        country=place.text("country").upper(),
    )


def _line_totals(order: Payload, currency: str) -> list[Money]:
    """What the shopper paid for each line: its figures leave tax out even where the shop's prices include it."""
    with_tax = bool(order.flag("prices_include_tax"))
    return [_line_total(line, currency, with_tax) for line in order.each("line_items")]


def _line_total(line: Payload, currency: str, with_tax: bool) -> Money:
    total = line.money("total", currency)
    return total + line.money("total_tax", currency) if with_tax and line.at("total_tax") else total


def _items(order: Payload, totals: list[Money]) -> tuple[Item, ...]:
    # A shop completes an order at once when nothing in it is shipped or made.
    physical = order.flag("needs_processing") is not False
    return tuple(_item(line, total, physical) for line, total in zip(order.each("line_items"), totals, strict=True))


def _item(line: Payload, total: Money, physical: bool) -> Item:
    quantity = _quantity(line)
    return Item(
        ref=line.ref("id"),
        # WordPress stores the title of a product that a shop manager typed as HTML (`&amp;`).
        name=html.unescape(line.text("name")),
        quantity=quantity,
        price=Money.of(total.amount / max(quantity, 1), total.currency),
        sku=line.text("sku"),
        physical=physical,
    )


def _quantity(line: Payload) -> int:
    """Shops that sell by weight have plugins for parts of one: half a kilo is one thing to send back."""
    quantity = line.at("quantity").value
    if isinstance(quantity, Decimal) and 0 <= quantity < 10**9:
        return int(quantity.to_integral_value(ROUND_CEILING))
    return line.whole("quantity")


def _shipments(
    state: OrderState, metas: dict[str, Any], status_at: datetime, completed_at: datetime | None
) -> tuple[Shipment, ...]:
    parcels = tuple(_tracked(metas.get(_TRACKING_KEY)))
    if not parcels and state in ("shipped", "delivered"):
        parcels = (Shipment(WHOLE_ORDER, shipped_at=completed_at or status_at),)
    if state != "delivered":
        return parcels
    return tuple(_delivered(parcel, status_at) for parcel in parcels)


def _delivered(parcel: Shipment, at: datetime) -> Shipment:
    return Shipment(parcel.ref, "delivered", "store", parcel.carrier, parcel.tracking, parcel.shipped_at, at)


def _tracked(entries: Any) -> Iterator[Shipment]:
    """One parcel per tracking number of AST or Woo Shipment Tracking; what is no such entry is passed over.

    PHP writes a list with gaps as an object, so both come.
    """
    listed = list(entries.values()) if isinstance(entries, dict) else entries if isinstance(entries, list) else []
    seen: set[str] = set()
    for place, value in enumerate(listed):
        entry = Payload(value, f"$.meta_data.{_TRACKING_KEY}[{place}]")
        try:
            parcel = _parcel(entry)
        except BadPayload:
            continue
        if parcel.ref and parcel.ref not in seen:
            seen.add(parcel.ref)
            yield parcel


def _parcel(entry: Payload) -> Shipment:
    tracking = entry.text("tracking_number")
    return Shipment(
        ref=(entry.text("tracking_id") or tracking)[:200],
        carrier=entry.text("tracking_provider") or entry.text("custom_tracking_provider"),
        tracking=tracking,
        shipped_at=_unix(entry.at("date_shipped").value),
    )


def _unix(seconds: Any) -> datetime | None:
    written = str(seconds)
    return _EPOCH + timedelta(seconds=int(written)) if re.fullmatch(r"[1-9][0-9]{8,9}", written) else None
