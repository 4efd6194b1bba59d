"""Shopify's webhooks: whose they are, and what each of them tells, whatever stands in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.base import Delivery
from connectors.stores.shopify.connector import Shopify
from integration.domain.errors import BadPayload, BadSignature
from integration.domain.events import (
    Event,
    OrderChanged,
    OrderMentioned,
    OrderRemoved,
    PersonAsked,
    PersonForgotten,
    ShipmentChanged,
)

FIXTURES = Path(__file__).parent.parent / "fixtures" / "store" / "shopify"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "mias-secret"
BODY = (
    '{"id":1234567,"status":"delivered","message":"Entregado \u2013 gracias  ","order_id":820982911946154509}'.encode()
)
ORDER, PARCEL, OTHER_PARCEL = "9007199254740993", "9007199254741003", "9007199254741004"


def topic_of(name: str) -> str:
    """`orders-create__paid` is a case of `orders/create`."""
    return name.split("__", 1)[0].replace("-", "/")


def read(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def parse(topic: str, body: bytes) -> list[Event]:
    return Shopify.parse(topic, body, NOW)


def headers(body: bytes, prefix: str = "x-shopify", secret: str = SECRET, **more: str) -> dict[str, str]:
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    named = {
        "topic": "fulfillment_events/create",
        "hmac-sha256": signature,
        "shop-domain": "mia.myshopify.com",
        "webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return {f"{prefix}-{name}": value for name, value in named.items()}


# -- whose it is ------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["x-shopify", "shopify"])
def test_a_signed_delivery_is_known_by_its_webhook_id_for_ever(prefix: str) -> None:
    delivery = Shopify.verify(headers(BODY, prefix), BODY, [SECRET])
    assert delivery == Delivery(
        "fulfillment_events/create", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", shop_ref="mia.myshopify.com"
    )


# Made with `openssl dgst -sha256 -hmac hush -binary | base64`; the second, with a line separator in its raw bytes,
# is also accepted by Shopify's own library.
PLAIN = '{"id":1234567,"status":"delivered","order_id":820982911946154508}'
ODD = PLAIN.replace(',"order_id', ',"message":"Zugestellt \u2013 \xdcbergabe \u2028","order_id')


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (PLAIN, "AyLcWr5Lghdkh4alGxwww1byTmKdX5AQEGZ14V8MoIs="),
        (ODD, "1GmKq8lPM/GEUsqWTc5VfgHu0yzzdUbnoNOT/OgUH7U="),
    ],
)
def test_a_signature_made_by_others_verifies(body: str, signature: str) -> None:
    raw = body.encode()
    assert Shopify.verify(headers(raw, hmac_sha256=signature), raw, ["hush"]).shop_ref == "mia.myshopify.com"


def test_the_old_secret_holds_beside_the_new_one() -> None:
    assert Shopify.verify(headers(BODY, secret="old"), BODY, ["new", "old"]).topic == "fulfillment_events/create"


@pytest.mark.parametrize(
    ("given_headers", "body"),
    [
        (headers(BODY, secret="eves"), BODY),
        (headers(BODY), BODY + b" "),
        (headers(BODY), json.dumps(json.loads(BODY)).encode()),
        (headers(BODY, hmac_sha256="ñ\udc80"), BODY),
        ({}, BODY),
    ],
)
def test_what_eve_sends_is_refused(given_headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignature):
        Shopify.verify(given_headers, body, [SECRET])


@pytest.mark.parametrize("webhook_id", ["", "a b", "ñ", "x" * 101])
def test_without_a_usable_id_the_body_is_the_key(webhook_id: str) -> None:
    delivery = Shopify.verify(headers(BODY, webhook_id=webhook_id), BODY, [SECRET])
    assert delivery.key == hashlib.sha256(BODY).hexdigest()


def test_the_shop_is_named_in_lower_case() -> None:
    assert (
        Shopify.verify(headers(BODY, shop_domain="Mia.MyShopify.com"), BODY, [SECRET]).shop_ref == "mia.myshopify.com"
    )


@pytest.mark.parametrize(
    "domain",
    [
        "mia.myshopify.com.eve.example",
        "eve.example/mia.myshopify.com",
        "mia.myshopify.com\nx",
        "mia.myshopifyXcom",
        ".myshopify.com",
        "",
    ],
)
def test_an_odd_domain_is_no_shop(domain: str) -> None:
    assert Shopify.verify(headers(BODY, shop_domain=domain), BODY, [SECRET]).shop_ref == ""


@pytest.mark.parametrize("name", ["customers-redact__two_orders", "shop-redact__mia", "app-uninstalled__mia"])
def test_a_body_that_names_another_shop_than_the_header_is_refused(name: str) -> None:
    body = read(name)
    assert Shopify.verify(headers(body), body, [SECRET]).shop_ref == "mia.myshopify.com"
    with pytest.raises(BadPayload, match="shop_mismatch"):
        Shopify.verify(headers(body, shop_domain="eve.myshopify.com"), body, [SECRET])


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"7", b'{"shop_domain": 7}', b"[" * 100_000])
def test_a_signed_body_that_cannot_be_read_is_kept_for_the_parser_to_complain(body: bytes) -> None:
    assert Shopify.verify(headers(body), body, [SECRET]).shop_ref == "mia.myshopify.com"


# -- what it tells ----------------------------------------------------------------------------------


def summary(event: Event) -> str:
    """An event in one line."""
    match event:
        case OrderChanged(order):
            parcels = " ".join(parcel.state for parcel in order.shipments)
            return f"{order.ref} {order.state} {order.status} [{parcels}]"
        case ShipmentChanged(order_ref, parcel, at):
            return f"{order_ref} {parcel.ref} {parcel.state} {parcel.confidence} {at:%d %H:%M}"
        case OrderMentioned(order_ref) | OrderRemoved(order_ref):
            return f"{type(event).__name__} {order_ref}"
        case PersonForgotten(who) | PersonAsked(who):
            return " ".join([type(event).__name__, who.email, who.customer_ref, *who.order_refs])
        case _:
            return type(event).__name__


SAM = "sam@example.com 9007199254741005"
TOLD = {
    "orders-create__paid": [f"{ORDER} open unfulfilled []"],
    "orders-create__with_a_code": [f"{ORDER} open unfulfilled []"],
    "orders-create__at_the_counter": [f"{ORDER} open unfulfilled []"],
    "orders-updated__partly_shipped": [f"{ORDER} open partially_fulfilled [under_way]"],
    "orders-fulfilled__two_parcels": [f"{ORDER} shipped fulfilled [under_way under_way]"],
    "orders-updated__one_of_two_delivered": [f"{ORDER} shipped fulfilled [delivered under_way]"],
    "orders-updated__delivered_but_for_a_cancelled_parcel": [f"{ORDER} shipped delivered [delivered cancelled]"],
    "orders-updated__cup_taken_off_gift_card_added": [f"{ORDER} open unfulfilled []"],
    "orders-cancelled__by_the_shopper": [f"{ORDER} cancelled unfulfilled []"],
    "orders-updated__refunded": [f"{ORDER} refunded fulfilled [under_way]"],
    "orders-edited__line_added": [f"OrderMentioned {ORDER}"],
    "orders-delete__removed": [f"OrderRemoved {ORDER}"],
    "fulfillments-create__shipped": [f"{ORDER} {PARCEL} under_way None 17 09:30"],
    "fulfillments-update__delivered": [f"{ORDER} {PARCEL} delivered carrier 19 13:30"],
    "fulfillments-update__cancelled": [f"{ORDER} {OTHER_PARCEL} cancelled None 20 09:30"],
    "fulfillment_events-create__delivered": [f"{ORDER} {PARCEL} delivered carrier 19 13:30"],
    "fulfillment_events-create__picked_up": [f"{ORDER} {PARCEL} delivered store 19 13:30"],
    "fulfillment_events-create__out_for_delivery": [f"{ORDER} {PARCEL} under_way None 19 11:30"],
    "fulfillment_events-create__unheard_of": [f"{ORDER} {PARCEL} under_way None 19 13:30"],
    "fulfillment_events-create__attempted": [f"{ORDER} {PARCEL} failed None 19 13:30"],
    "customers-redact__two_orders": [f"PersonForgotten {SAM} {ORDER} 9007199254741013"],
    "customers-redact__no_orders": [f"PersonForgotten {SAM}"],
    "customers-redact__nothing_but_an_address": ["PersonForgotten sam@example.com "],
    "customers-data_request__one_order": [f"PersonAsked {SAM} {ORDER}"],
    "app-uninstalled__mia": ["AppUninstalled"],
    "app-scopes_update__more": [],
    "shop-redact__mia": ["ShopForgotten"],
}


def test_every_fixture_has_its_expectation() -> None:
    assert {file.stem for file in FIXTURES.iterdir()} == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_a_delivery_tells(name: str) -> None:
    assert [summary(event) for event in parse(topic_of(name), read(name))] == TOLD[name]


def test_the_same_delivery_told_by_two_topics_is_the_same_fact() -> None:
    (event,) = parse("fulfillment_events/create", read("fulfillment_events-create__delivered"))
    (update,) = parse("fulfillments/update", read("fulfillments-update__delivered"))
    assert isinstance(event, ShipmentChanged)
    assert isinstance(update, ShipmentChanged)
    assert (event.shipment.ref, event.shipment.delivered_at) == (update.shipment.ref, update.shipment.delivered_at)
    assert (update.shipment.carrier, update.shipment.tracking) == ("Correos", "PK0000000101ES")


def test_an_order_sent_under_the_topic_of_a_removal_removes_nothing() -> None:
    # The topic is not signed: Eve may send a body that she has seen under another one.
    assert parse("orders/delete", read("orders-create__paid")) == [OrderMentioned(ORDER)]


@pytest.mark.parametrize("topic", ["", "orders", "returns/process", "moon/landed", "orders/risk_assessment_changed"])
def test_an_unknown_topic_tells_nothing(topic: str) -> None:
    assert parse(topic, b"\xff") == []


def mutations() -> some.SearchStrategy[tuple[str, Any]]:
    """A fixture with one place, at any depth, replaced by anything or taken out."""
    empty: list[Any] = [None, [], {}]
    poison: Any = some.sampled_from(empty) | some.booleans() | some.integers() | some.floats() | some.text()

    @some.composite
    def mutate(draw: some.DrawFn) -> tuple[str, Any]:
        name = draw(some.sampled_from(sorted(TOLD)))
        body = json.loads(read(name))
        place = body
        while isinstance(place, dict | list) and place:
            key = draw(some.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            inner = place[key]
            if not isinstance(inner, dict | list) or not inner or draw(some.booleans()):
                place[key] = draw(poison)
                break
            place = inner
        return topic_of(name), body

    return mutate()


@given(mutations())
def test_a_poisoned_body_ends_in_events_or_in_bad_payload(case: tuple[str, Any]) -> None:
    topic, body = case
    with suppress(BadPayload):
        for event in parse(topic, json.dumps(body).encode()):
            assert summary(event)


@given(some.sampled_from(sorted({topic_of(name) for name in TOLD})), some.binary())
def test_any_bytes_end_in_events_or_in_bad_payload(topic: str, body: bytes) -> None:
    with suppress(BadPayload):
        parse(topic, body)


def test_a_wrong_shape_says_where() -> None:
    body = json.loads(read("orders-create__paid"))
    body["line_items"][1]["price_set"]["shop_money"]["amount"] = []
    with pytest.raises(BadPayload) as caught:
        parse("orders/create", json.dumps(body).encode())
    assert caught.value.params == {"path": "$.line_items[1].price_set.shop_money.amount"}


@pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
@pytest.mark.parametrize("body", ["orders-create__paid", "app-uninstalled__mia"])
def test_no_other_body_has_anybody_forgotten(topic: str, body: str) -> None:
    raw = (FIXTURES / f"{body}.json").read_bytes()
    with pytest.raises(BadPayload, match="bad_shape"):
        Shopify.parse(topic, raw, NOW)
