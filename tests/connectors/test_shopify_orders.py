"""Shopify's orders in our words, the same from a webhook and from the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.http import Http, HttpLimits
from connectors.stores.shopify.connector import Shopify
from integration.demo.stores import shopify_data as data
from integration.demo.stores.shopify import ShopifyStore
from integration.domain.errors import BadPayload
from integration.domain.events import OrderChanged
from integration.domain.facts import Address, Order
from integration.domain.money import Money
from tests.conftest import StandingClock
from tests.connectors.test_shopify_webhook import read

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def told(name: str, topic: str = "orders/updated", **changes: Any) -> Order:
    (event,) = Shopify.parse(topic, json.dumps(json.loads(read(name)) | changes).encode(), NOW)
    assert isinstance(event, OrderChanged)
    return event.order


def test_an_order_has_its_number_its_money_and_its_times() -> None:
    order = told("orders-create__paid")
    assert (order.ref, order.number) == ("9007199254740993", "#1001")
    assert order.total == Money(Decimal("73.95"), "EUR")
    assert order.subtotal == Money(Decimal("69.00"), "EUR")
    assert order.placed_at == order.updated_at == datetime(2026, 11, 16, 9, 30, tzinfo=UTC)


def test_an_order_has_its_shopper() -> None:
    order = told("orders-create__paid")
    assert (order.email, order.first_name, order.phone) == ("sam@example.com", "Sam", "+34600000001")
    assert (order.customer_ref, order.locale, order.accepts_marketing) == ("9007199254740992", "es-ES", False)
    assert (
        order.shipping
        == order.billing
        == Address("Sam Shopper", "", "Calle de la Luna 7", "2.º B", "Madrid", "Madrid", "28004", "ES")
    )


def test_an_order_has_its_lines() -> None:
    cups, scarf = told("orders-create__paid").items
    assert (cups.ref, cups.name, cups.quantity) == ("9007199254740994", "Taza de cerámica & plato - azul", 2)
    assert (cups.price, cups.sku, cups.physical) == (Money(Decimal("18.50"), "EUR"), "SKU-994", True)
    assert scarf.quantity == 1


def test_what_was_taken_off_is_no_line_and_a_gift_card_is_nothing_to_send_back() -> None:
    items = told("orders-updated__cup_taken_off_gift_card_added").items
    assert [(item.name, item.physical) for item in items] == [("Bufanda de lana", True), ("Tarjeta regalo 25", False)]


def test_the_codes_of_an_order_are_those_redeemed_with_it() -> None:
    assert told("orders-create__with_a_code").discount_codes == ("PV-K7Q2XW9D4RT",)


def test_an_order_of_the_counter_has_nobody_to_write_to() -> None:
    order = told("orders-create__at_the_counter")
    assert (order.email, order.customer_ref, order.locale) == ("", "", "")
    assert order.billing == Address()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": None}, "sam@example.com"),
        ({"email": "", "contact_email": "work@example.com"}, "work@example.com"),
        ({"email": None, "contact_email": None}, "sam@example.com"),
    ],
)
def test_the_address_to_write_to_is_looked_for_in_three_places(changes: dict[str, Any], expected: str) -> None:
    assert told("orders-create__paid", **changes).email == expected


def test_amounts_without_their_set_are_in_the_orders_currency() -> None:
    order = told(
        "orders-create__paid", total_price_set=None, subtotal_price_set=None, currency="CLP", total_price="9990"
    )
    assert order.total == Money(Decimal(9990), "CLP")


def test_an_order_without_a_subtotal_has_its_total_there() -> None:
    assert told("orders-create__paid", subtotal_price=None, subtotal_price_set=None).subtotal.amount == Decimal("73.95")


@pytest.mark.parametrize("currency", [None, "", "euro", 7])
def test_money_without_a_currency_is_bad(currency: object) -> None:
    with pytest.raises(BadPayload, match="currency"):
        told("orders-create__paid", total_price_set=None, currency=currency)


def test_an_address_in_a_country_that_is_none_has_none() -> None:
    assert told("orders-create__paid", shipping_address={"country_code": "Spain"}).shipping.country == ""


def test_it_is_delivered_since_the_last_parcel_arrived_and_shipped_since_the_last_left() -> None:
    delivered = told("orders-updated__delivered_but_for_a_cancelled_parcel")
    assert delivered.status_at == datetime(2026, 11, 19, 13, 30, tzinfo=UTC)
    assert told("orders-fulfilled__two_parcels").status_at == datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
    assert told("orders-create__paid").status_at is None


def test_a_part_that_arrived_is_not_the_order() -> None:
    order = told("orders-updated__one_of_two_delivered")
    assert order.status == "fulfilled"
    body = json.loads(read("orders-updated__one_of_two_delivered"))
    half = told(
        "orders-updated__one_of_two_delivered", fulfillment_status="partial", fulfillments=body["fulfillments"][:1]
    )
    assert half.status == "partially_fulfilled"


# -- from the API -------------------------------------------------------------------------------------


@pytest.fixture
def store(clock: StandingClock) -> Iterator[ShopifyStore]:
    running = ShopifyStore(now=clock)
    yield running
    running.stop()


@pytest.fixture
def shop(store: ShopifyStore) -> Shopify:
    credentials = {"client_id": store.client_id, "client_secret": store.client_secret, "api_base": store.start()}
    return Shopify("mia.myshopify.com", credentials, Http(HttpLimits(allow_private_hosts=True)))


def fetched(shop: Shopify, ref: int) -> Order:
    order = shop.fetch_order(str(ref))
    assert order is not None
    return order


def from_webhook(body: dict[str, Any]) -> Order:
    (event,) = Shopify.parse("orders/updated", json.dumps(body).encode(), NOW)
    assert isinstance(event, OrderChanged)
    return event.order


def test_the_api_tells_the_same_order_as_the_webhook(store: ShopifyStore, shop: Shopify, clock: StandingClock) -> None:
    order = store.add_order(discount_codes=[{"code": "HELLO", "amount": "1.00", "type": "fixed_amount"}])
    assert fetched(shop, order["id"]) == from_webhook(order)
    store.ship(order["id"], last=False)
    clock.advance(days=1)
    assert fetched(shop, order["id"]) == from_webhook(order)
    store.ship(order["id"])
    store.delivered_event(order["id"])
    assert fetched(shop, order["id"]) == from_webhook(order)
    order["fulfillments"][0]["status"] = "cancelled"
    assert fetched(shop, order["id"]) == from_webhook(order)
    assert fetched(shop, order["id"]).status == "delivered"


def test_the_api_knows_when_a_parcel_arrived_the_webhook_only_when_it_last_changed(
    store: ShopifyStore, shop: Shopify, clock: StandingClock
) -> None:
    order = store.add_order()
    parcel = store.ship(order["id"])
    arrived = clock.advance(days=2)
    store.delivered_event(order["id"])
    parcel["updated_at"] = data.written(clock.advance(days=1))
    assert fetched(shop, order["id"]).shipments[0].delivered_at == arrived
    assert from_webhook(order).shipments[0].delivered_at == clock.now


def test_a_long_order_is_read_to_its_last_line(store: ShopifyStore, shop: Shopify) -> None:
    lines = [data.line(5000 + place, f"Botón {place}", "0.10", 1, "EUR") for place in range(120)]
    order = store.add_order(line_items=lines)
    assert [item.name for item in fetched(shop, order["id"]).items] == [f"Botón {place}" for place in range(120)]
    assert store.asked == ["token", "OrderForAfterSales", "OrderLines", "OrderLines"]


@pytest.mark.parametrize("ref", ["77", "#1001", "", "²", "1/../2"])
def test_an_order_that_is_not_there_is_none(store: ShopifyStore, shop: Shopify, ref: str) -> None:
    store.add_order()
    assert shop.fetch_order(ref) is None


def test_withheld_customer_data_leaves_the_rest_of_the_order(store: ShopifyStore, shop: Shopify) -> None:
    order = store.add_order()
    store.ship(order["id"])
    store.shop.withholds_personal_data = True
    seen = fetched(shop, order["id"])
    assert (seen.email, seen.first_name, seen.phone, seen.shipping) == ("", "", "", Address())
    known = from_webhook(order)
    kept = {"email": "", "first_name": "", "phone": "", "shipping": Address(), "billing": Address()}
    assert seen == replace(known, **kept)  # type: ignore[arg-type]


def test_parcels_are_read_by_their_ids(store: ShopifyStore, shop: Shopify, clock: StandingClock) -> None:
    order = store.add_order()
    first, second = store.ship(order["id"], last=False), store.ship(order["id"])
    arrived = clock.advance(days=1)
    store.delivered_event(order["id"], first["id"])
    known = shop.open_shipments([str(first["id"]), "77", str(second["id"])])
    assert [(event.order_ref, event.shipment.state) for event in known] == [
        (str(order["id"]), "delivered"),
        (str(order["id"]), "under_way"),
    ]
    assert known[0].happened_at == known[0].shipment.delivered_at == arrived


def test_parcels_are_asked_for_fifty_at_a_time(store: ShopifyStore, shop: Shopify) -> None:
    assert shop.open_shipments([str(number) for number in range(1, 102)]) == []
    assert store.asked == ["token", "Shipments", "Shipments", "Shipments"]
