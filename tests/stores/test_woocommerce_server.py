"""The WooCommerce server against what a real 10.5.0 store was seen to do: keys, orders, pages."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from integration.demo.stores.woocommerce import WooCommerceStore
from tests.conftest import StandingClock
from tests.connectors.woocommerce_captures import capture
from tests.stores.woocommerce_calls import KEY, SECRET, basic, call, refusal

# -- keys -----------------------------------------------------------------------------------------


def test_keys_are_refused_in_the_stores_own_words(woocommerce: WooCommerceStore) -> None:
    assert refusal(woocommerce, "GET", "orders", auth="") == (401, "woocommerce_rest_cannot_view")
    assert refusal(woocommerce, "GET", "orders", auth=basic("ck_eve", SECRET)) == (401, "woocommerce_rest_cannot_view")
    assert refusal(woocommerce, "POST", "coupons", {}, auth="") == (401, "woocommerce_rest_cannot_create")
    wrong_secret = refusal(woocommerce, "GET", "orders", auth=basic(KEY, "cs_eve"))
    assert wrong_secret == (401, "woocommerce_rest_authentication_error")


def test_a_read_key_may_not_write_and_the_query_carries_keys_too(clock: StandingClock) -> None:
    store = WooCommerceStore(KEY, SECRET, clock, permissions="read", strips_authorization=True)
    store.start()
    keys = {"consumer_key": KEY, "consumer_secret": SECRET}
    assert call(store, "GET", "orders", **keys)[0] == 200
    assert refusal(store, "POST", "coupons", {}, **keys) == (401, "woocommerce_rest_authentication_error")
    assert refusal(store, "GET", "orders") == (401, "woocommerce_rest_cannot_view")
    store.stop()


# -- orders ---------------------------------------------------------------------------------------


def test_an_order_has_the_keys_of_a_real_one(woocommerce: WooCommerceStore) -> None:
    real = json.loads(capture("order.updated__pending_guest")[1])
    ours = woocommerce.add_order()
    assert set(real) - set(ours) == {"_links"}
    assert set(real["line_items"][0]) == set(ours["line_items"][0])
    assert set(real["billing"]) == set(ours["billing"])


def test_overrides_reach_the_order_and_addresses_are_merged(woocommerce: WooCommerceStore) -> None:
    order = woocommerce.add_order(status="completed", billing={"email": "ana@example.com"}, number="2026-7")
    assert (order["billing"]["email"], order["billing"]["city"]) == ("ana@example.com", "Madrid")
    assert (order["date_completed"], order["date_completed_gmt"]) == ("2026-11-21T13:00:00", "2026-11-21T12:00:00")


def test_completing_stamps_the_order_and_delivered_keeps_the_stamp(
    woocommerce: WooCommerceStore, clock: StandingClock
) -> None:
    order_id = woocommerce.add_order()["id"]
    assert woocommerce.set_status(order_id, "completed")["date_completed_gmt"] == "2026-11-21T12:00:00"
    clock.advance(days=2)
    order = woocommerce.set_status(order_id, "delivered")
    assert (order["date_completed_gmt"], order["date_modified_gmt"]) == ("2026-11-21T12:00:00", "2026-11-23T12:00:00")


def test_any_write_touches_the_time_of_change(woocommerce: WooCommerceStore, clock: StandingClock) -> None:
    order_id = woocommerce.add_order(status="completed")["id"]
    clock.advance(hours=1)
    status, order, _ = call(woocommerce, "PUT", f"orders/{order_id}", {"customer_note": "x"})
    assert (status, order["status"], order["date_modified_gmt"]) == (200, "completed", "2026-11-21T13:00:00")


def test_unknown_orders_and_unknown_statuses(woocommerce: WooCommerceStore) -> None:
    assert refusal(woocommerce, "GET", "orders/999") == (404, "woocommerce_rest_shop_order_invalid_id")
    assert refusal(woocommerce, "GET", "orders", status="completed,lost") == (400, "rest_invalid_param")
    assert refusal(woocommerce, "GET", "nothing") == (404, "rest_no_route")


def test_a_trashed_order_is_read_by_its_id_and_not_listed(woocommerce: WooCommerceStore) -> None:
    order_id = woocommerce.add_order()["id"]
    assert call(woocommerce, "DELETE", f"orders/{order_id}")[1]["status"] == "trash"
    assert call(woocommerce, "GET", f"orders/{order_id}")[1]["status"] == "trash"
    assert call(woocommerce, "GET", "orders")[1] == []
    assert call(woocommerce, "DELETE", f"orders/{order_id}", force="true")[0] == 200
    assert call(woocommerce, "GET", f"orders/{order_id}")[0] == 404


def test_pages_have_totals_and_the_page_beyond_is_empty(woocommerce: WooCommerceStore) -> None:
    for _ in range(12):
        woocommerce.add_order()
    _, rows, headers = call(woocommerce, "GET", "orders", per_page="5", page="3")
    assert (len(rows), headers["x-wp-total"], headers["x-wp-totalpages"]) == (2, "12", "3")
    assert 'rel="prev"' in headers["link"]
    assert call(woocommerce, "GET", "orders", page="9")[:2] == (200, [])
    assert refusal(woocommerce, "GET", "orders", per_page="101") == (400, "rest_invalid_param")


@pytest.mark.parametrize(
    ("cutoff", "gmt", "found"),
    [
        ("2026-11-21T12:59:00", "", 1),  # the shop's wall time: 13:00 is after
        ("2026-11-21T13:01:00", "", 0),
        ("2026-11-21T11:59:00", "true", 1),
        ("2026-11-21T12:01:00", "true", 0),
        ("2026-11-21T11:59:00Z", "", 1),
        ("2026-11-21T11:59:00Z", "true", 0),  # shifted by the shop's offset: the order is lost
    ],
)
def test_the_cutoff_reads_dates_as_the_store_does(
    woocommerce: WooCommerceStore, cutoff: str, gmt: str, found: int
) -> None:
    woocommerce.add_order()
    params = {"modified_after": cutoff} | ({"dates_are_gmt": gmt} if gmt else {})
    assert len(call(woocommerce, "GET", "orders", **params)[1]) == found


def test_the_front_door_is_open_and_the_rest_of_the_house_is_html(woocommerce: WooCommerceStore) -> None:
    line = http.client.HTTPConnection(urlsplit(woocommerce.url).netloc, timeout=5)
    line.request("GET", "/wp-json/")
    front = json.loads(line.getresponse().read())
    assert "wc/v3" in front["namespaces"]
    line.request("GET", "/?rest_route=/wc/v3/orders")
    home = line.getresponse()
    assert (home.status, home.getheader("Content-Type")) == (200, "text/html; charset=UTF-8")
    line.close()


def test_the_time_of_the_store_is_the_time_it_is_given(woocommerce: WooCommerceStore, clock: StandingClock) -> None:
    clock.now = datetime(2030, 7, 1, tzinfo=UTC)
    assert woocommerce.add_order()["date_created"] == "2030-07-01T02:00:00"
