"""WooCommerce's webhooks, by requests that a real store sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.stores.woocommerce.connector import WooCommerce
from integration.domain.errors import BadPayload, BadSignature
from integration.domain.events import (
    Event,
    OrderChanged,
    OrderMentioned,
    OrderRemoved,
    PersonErased,
    StoreComplained,
)
from tests.connectors.woocommerce_captures import ORDERS, SECRETS, body, capture, secret

NOW = datetime(2026, 11, 21, 23, tzinfo=UTC)


def told(name: str) -> list[Event]:
    headers, raw = capture(name)
    return WooCommerce.parse(headers["x-wc-webhook-topic"], raw, NOW)


# -- signatures and repeats -----------------------------------------------------------------------


@pytest.mark.parametrize("file", SECRETS)
def test_every_captured_signature_holds_and_names_its_topic(file: str) -> None:
    name = file.removesuffix(".http")
    headers, raw = capture(name)
    delivery = WooCommerce.verify(headers, raw, ["another", SECRETS[file]])
    assert delivery.topic == name.split("__")[0]
    assert not delivery.ping
    assert delivery.window == timedelta(hours=24)


@pytest.mark.parametrize("file", SECRETS)
def test_one_changed_byte_breaks_every_captured_signature(file: str) -> None:
    headers, raw = capture(file.removesuffix(".http"))
    with pytest.raises(BadSignature):
        WooCommerce.verify(headers, raw[:-1] + b" ", [SECRETS[file]])


def test_the_ping_needs_no_signature() -> None:
    headers, raw = capture("ping__unsigned")
    assert WooCommerce.verify(headers, raw, ["s"]).ping


@pytest.mark.parametrize("raw", [b"webhook_id=33&x=1", b"webhook_id=", b"webhook_id=x", b'{"id":1}', b""])
def test_only_the_exact_ping_passes_unsigned(raw: bytes) -> None:
    headers, _ = capture("ping__unsigned")
    with pytest.raises(BadSignature):
        WooCommerce.verify(headers, raw, ["s"])


def test_a_ping_with_a_topic_is_an_unsigned_webhook() -> None:
    headers, raw = capture("ping__unsigned")
    with pytest.raises(BadSignature):
        WooCommerce.verify(headers | {"x-wc-webhook-topic": "order.updated"}, raw, ["s"])


def test_two_orders_under_one_delivery_id_are_two_deliveries() -> None:
    shared = {"x-wc-webhook-delivery-id": "cc2bb20a8898d1cfa46b50ec870fb591"}
    names = ("order.updated__pending_guest", "order.updated__refunded")
    keys = [WooCommerce.verify(capture(name)[0] | shared, capture(name)[1], [secret(name)]).key for name in names]
    assert keys[0] != keys[1]


def test_the_same_body_under_two_topics_is_two_deliveries_and_a_repeat_is_one() -> None:
    created, updated = capture("order.created__pending_guest"), capture("order.updated__pending_guest")
    assert created[1] == updated[1]
    key = secret("order.created__pending_guest")
    first, second, again = (WooCommerce.verify(*request, [key]).key for request in (created, updated, updated))
    assert first != second
    assert second == again


# -- what is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_comes_whole(name: str) -> None:
    (event,) = told(name)
    assert isinstance(event, OrderChanged)


def test_every_other_capture_tells_what_it_is() -> None:
    expected: dict[str, list[Event]] = {
        "action.woocommerce_order_status_completed__order": [OrderMentioned("14")],
        "action.woocommerce_order_status_delivered__order": [OrderMentioned("109")],
        "action.woocommerce_fulfillment_created_notification__order": [OrderMentioned("91")],
        "action.woocommerce_fulfillment_after_fulfill__empty": [],
        "order.deleted__trash": [OrderRemoved("19")],
        "order.updated__erased": [PersonErased("104")],
        "order.updated__signed_error": [
            StoreComplained("no_id", "woocommerce_rest_invalid_shop_order_id: Invalid ID.")
        ],
        "customer.created__account": [],
        "coupon.created__plain": [],
    }
    assert {name: told(name) for name in expected} == expected
    assert {f"{name}.http" for name in (*expected, *ORDERS)} == set(SECRETS)


def test_a_restored_order_is_read_from_the_store() -> None:
    assert WooCommerce.parse("order.restored", body(), NOW) == [OrderMentioned("109")]


def test_a_whole_order_under_the_unsigned_topic_of_a_removal_removes_nothing() -> None:
    assert WooCommerce.parse("order.deleted", body(), NOW) == [OrderMentioned("109")]


def test_a_new_refund_names_itself_and_no_order() -> None:
    raw = b'{"action":"woocommerce_refund_created","arg":93}'
    assert WooCommerce.parse("action.woocommerce_refund_created", raw, NOW) == []


@pytest.mark.parametrize("arg", ["[]", '{"id":1}', "null", "true", '"92"', "1.5"])
def test_an_action_about_no_number_mentions_nothing(arg: str) -> None:
    raw = f'{{"action":"woocommerce_new_order","arg":{arg}}}'.encode()
    assert WooCommerce.parse("action.woocommerce_new_order", raw, NOW) == []


@pytest.mark.parametrize("topic", ["", "order.exploded", "product.updated", "moon.landed", "\udcff"])
def test_an_unknown_topic_tells_nothing_whatever_its_body(topic: str) -> None:
    assert WooCommerce.parse(topic, b"\xff{", NOW) == []


@pytest.mark.parametrize("topic", ["order.updated", "order.deleted", "order.restored", "action.woocommerce_new_order"])
@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b'"x"', b"1", b"{", b'{"id":NaN}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_unreadable(topic: str, raw: bytes) -> None:
    with pytest.raises(BadPayload):
        WooCommerce.parse(topic, raw, NOW)


def test_the_owner_of_the_webhook_lost_his_rights() -> None:
    said = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot view…", "data": {"status": 403}}
    raw = json.dumps(said).encode()
    for topic in ("order.updated", "order.created", "order.deleted"):
        assert WooCommerce.parse(topic, raw, NOW) == [StoreComplained("no_id", f"{said['code']}: {said['message']}")]  # type: ignore[arg-type]


def test_an_address_at_site_invalid_is_an_erased_person_without_any_metadata() -> None:
    raw = body(billing={"email": "deleted@site.invalid"}, meta_data=[])
    assert WooCommerce.parse("order.updated", raw, NOW) == [PersonErased("109")]
