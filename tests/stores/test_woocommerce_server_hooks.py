"""Webhooks of the WooCommerce server, against what a real 10.5.0 store was seen to do."""

from __future__ import annotations

from connectors.stores.woocommerce.connector import WooCommerce
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.domain.events import OrderChanged
from tests.conftest import StandingClock
from tests.connectors.raw_server import RawServer, answer
from tests.connectors.woocommerce_captures import capture
from tests.stores.woocommerce_calls import call, refusal

OK = answer(b"{}")
FAILS = answer(b"", "500 Oops")


def test_the_ping_is_unsigned_and_comes_before_the_answer(woocommerce: WooCommerceStore) -> None:
    with RawServer(OK) as receiver:
        asked = {"topic": "order.updated", "delivery_url": receiver.url, "secret": "s"}
        status, hook, _ = call(woocommerce, "POST", "webhooks", asked)
        assert len(receiver.requests) == 1
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    assert (status, "secret" in hook) == (201, False)
    assert body == f"webhook_id={hook['id']}".encode()
    assert b"X-WC-" not in head
    assert b"application/x-www-form-urlencoded" in head


def test_a_ping_not_answered_200_is_repeated_with_the_next_save(woocommerce: WooCommerceStore) -> None:
    with RawServer(answer(b"", "204 No Content")) as receiver:
        (hook_id,) = woocommerce.register_webhook(receiver.url, ["order.updated"], "s")
        call(woocommerce, "PUT", f"webhooks/{hook_id}", {"status": "active"})
        assert len(receiver.requests) == 2


def test_a_delivery_is_what_our_connector_accepts(woocommerce: WooCommerceStore, clock: StandingClock) -> None:
    order_id = woocommerce.add_order(status="delivered")["id"]
    headers, body = woocommerce.signed_webhook(order_id, "order.updated", 'topsecret-&<"1')
    lower = {name.lower(): value for name, value in headers.items()}
    assert WooCommerce.verify(lower, body, ['topsecret-&<"1']).topic == "order.updated"
    (event,) = WooCommerce.parse("order.updated", body, clock())
    assert isinstance(event, OrderChanged)
    assert (event.order.email, event.order.total.minor) == ("sam@example.com", 11290)
    assert b"\\/" in woocommerce.signed_webhook(woocommerce.add_order(payment_url="a/b")["id"], "order.updated", "s")[1]


def test_deliveries_go_to_their_topic_once_and_share_an_id_within_a_second(woocommerce: WooCommerceStore) -> None:
    first, second = woocommerce.add_order()["id"], woocommerce.add_order()["id"]
    with RawServer(OK) as receiver:
        woocommerce.register_webhook(receiver.url, ["order.updated", "order.deleted"], "s")
        assert woocommerce.deliver(first, "order.updated") == woocommerce.deliver(second, "order.updated") == [200]
        assert woocommerce.deliver(first, "order.deleted") == [200]
        assert woocommerce.deliver(first, "order.created") == []
    sent = [request for request in receiver.requests if b"X-WC-" in request]
    ids = [
        next(line for line in request.split(b"\r\n") if line.startswith(b"X-WC-Webhook-Delivery")) for request in sent
    ]
    assert ids[0] == ids[1]
    assert sent[2].endswith(f'{{"id":{first}}}'.encode())


def test_an_action_carries_only_the_order_id(woocommerce: WooCommerceStore) -> None:
    topic = "action.woocommerce_order_status_delivered"
    _, body = woocommerce.signed_webhook(109, topic, "s")
    assert body == capture(f"{topic}__order")[1]


def test_the_seventh_failure_in_a_row_switches_a_webhook_off(woocommerce: WooCommerceStore) -> None:
    order_id = woocommerce.add_order()["id"]
    with RawServer(OK) as receiver:
        (hook_id,) = woocommerce.register_webhook(receiver.url, ["order.updated"], "s")
        receiver.answer = FAILS
        for _ in range(6):
            assert woocommerce.deliver(order_id, "order.updated") == [500]
        receiver.answer = OK
        woocommerce.deliver(order_id, "order.updated")
        assert woocommerce.hooks.failures(hook_id) == 0
        receiver.answer = FAILS
        for _ in range(7):
            woocommerce.deliver(order_id, "order.updated")
        assert (woocommerce.hooks.one(hook_id)["status"], woocommerce.hooks.failures(hook_id)) == ("disabled", 6)
        assert woocommerce.deliver(order_id, "order.updated") == []
        call(woocommerce, "PUT", f"webhooks/{hook_id}", {"status": "active"})
        woocommerce.deliver(order_id, "order.updated")
        assert woocommerce.hooks.one(hook_id)["status"] == "disabled"


def test_a_receiver_that_is_not_there_is_a_failure(woocommerce: WooCommerceStore) -> None:
    with RawServer(OK) as receiver:
        (hook_id,) = woocommerce.register_webhook(receiver.url, ["order.updated"], "s")
    assert woocommerce.deliver(woocommerce.add_order()["id"], "order.updated") == [0]
    assert woocommerce.hooks.failures(hook_id) == 1


def test_webhooks_are_listed_changed_and_deleted(woocommerce: WooCommerceStore) -> None:
    with RawServer(OK) as receiver:
        (hook_id,) = woocommerce.register_webhook(receiver.url, ["order.updated"], "s")
        assert [hook["id"] for hook in call(woocommerce, "GET", "webhooks")[1]] == [hook_id]
        assert call(woocommerce, "DELETE", f"webhooks/{hook_id}", force="true")[0] == 200
    assert refusal(woocommerce, "GET", f"webhooks/{hook_id}") == (404, "woocommerce_rest_shop_webhook_invalid_id")
    bad_topic = {"topic": "order.exploded", "delivery_url": "https://x.example/"}
    assert refusal(woocommerce, "POST", "webhooks", bad_topic) == (400, "woocommerce_rest_shop_webhook_invalid_topic")
