"""The Shopify store server, asked as any client would ask it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from connectors.signing import signed
from connectors.stores.shopify.client import document
from integration.demo.stores.shopify import ShopifyStore
from tests.conftest import StandingClock

GRAPHQL = "/admin/api/2026-10/graphql.json"
APP = {"client_id": "mias-app", "client_secret": "mias-secret", "grant_type": "client_credentials"}


@pytest.fixture
def store(clock: StandingClock) -> ShopifyStore:
    return ShopifyStore(now=clock, token="pasted")


def post(store: ShopifyStore, path: str, body: Any, token: str = "") -> TestResponse:
    return store.app().test_client().post(path, json=body, headers={"X-Shopify-Access-Token": token})


def ask(store: ShopifyStore, query: str, token: str = "pasted", **variables: Any) -> Any:
    return post(store, GRAPHQL, {"query": query, "variables": variables}, token).get_json()


def create(store: ShopifyStore, **wish: Any) -> Any:
    basic = {
        "code": "PV-1",
        "title": "Postventa R-1",
        "startsAt": "2026-11-21T12:00:00Z",
        "context": {"all": "ALL"},
        "customerGets": {"value": {"percentage": 0.1}, "items": {"all": True}},
        **wish,
    }
    answer = ask(store, document("discount_create"), basicCodeDiscount=basic)
    return answer["data"]["discountCodeBasicCreate"] if "data" in answer else answer


# -- tokens -----------------------------------------------------------------------------------------


def test_the_apps_secret_buys_a_token_for_a_day(store: ShopifyStore, clock: StandingClock) -> None:
    answer = post(store, "/admin/oauth/access_token", APP)
    told = answer.get_json()
    assert (answer.status_code, told["expires_in"]) == (200, 86399)
    assert told["scope"] == "read_customers,read_fulfillments,read_orders,write_app_proxy,write_discounts,write_orders"
    assert ask(store, "{ shop { name } }", told["access_token"])["data"] == {"shop": {"name": "Mia"}}
    clock.now += timedelta(days=1)
    assert post(store, GRAPHQL, {"query": "{ shop { name } }"}, told["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "eves"}, "invalid_client"),
        ({"client_id": "eves-app"}, "invalid_client"),
        ({"grant_type": "password"}, "invalid_request"),
    ],
)
def test_a_wrong_app_gets_no_token(store: ShopifyStore, change: dict[str, str], error: str) -> None:
    answer = post(store, "/admin/oauth/access_token", APP | change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)


def test_a_shop_of_another_organisation_gives_no_token(store: ShopifyStore) -> None:
    store.permits_exchange = False
    assert post(store, "/admin/oauth/access_token", APP).get_json()["error"] == "shop_not_permitted"


@pytest.mark.parametrize("token", ["", "mias-secret", "shpat_unknown"])
def test_without_a_token_there_is_no_answer(store: ShopifyStore, token: str) -> None:
    answer = post(store, GRAPHQL, {"query": "{ shop { name } }"}, token)
    assert answer.status_code == 401
    assert "Invalid API key or access token" in answer.get_json()["errors"]


# -- GraphQL ----------------------------------------------------------------------------------------


def test_a_field_that_shopify_does_not_have_is_an_error(store: ShopifyStore) -> None:
    assert "favouriteColour" in ask(store, "{ shop { favouriteColour } }")["errors"][0]["message"]
    assert "Syntax Error" in ask(store, "{ shop {")["errors"][0]["message"]


def test_a_wrong_input_field_is_an_error(store: ShopifyStore) -> None:
    assert "maxUses" in create(store, maxUses=1)["errors"][0]["message"]
    assert store.discounts() == []


def test_every_answer_says_what_it_cost(store: ShopifyStore, clock: StandingClock) -> None:
    cost = ask(store, "{ shop { name shopAddress { city } } }")["extensions"]["cost"]
    assert cost["requestedQueryCost"] == cost["actualQueryCost"] == 2
    assert cost["throttleStatus"] == {"maximumAvailable": 2000.0, "currentlyAvailable": 1998, "restoreRate": 100.0}
    clock.advance(seconds=1)
    assert ask(store, "{ shop { name } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 1999


def test_an_empty_bucket_answers_throttled_with_200_until_it_fills(store: ShopifyStore, clock: StandingClock) -> None:
    store.bucket.available = 0
    answer = post(store, GRAPHQL, {"query": document("order"), "variables": {"id": "gid://shopify/Order/1"}}, "pasted")
    told = answer.get_json()
    assert answer.status_code == 200
    assert "data" not in told
    assert told["errors"][0]["extensions"]["code"] == "THROTTLED"
    cost = told["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    clock.advance(seconds=cost["requestedQueryCost"] / cost["throttleStatus"]["restoreRate"])
    assert ask(store, document("order"), id="gid://shopify/Order/1")["data"] == {"order": None}


def test_a_bucket_of_shopifys_size_takes_our_largest_document_several_times(store: ShopifyStore) -> None:
    cost = ask(store, document("order"), id="gid://shopify/Order/1")["extensions"]["cost"]
    assert cost["requestedQueryCost"] < 1000  # the most that one query may cost


def test_a_field_beyond_the_scopes_is_null_with_an_error(store: ShopifyStore) -> None:
    store.shop.scopes = {"read_orders"}
    told = ask(store, document("discount_by_code"), code="PV-1")
    assert told["data"] == {"codeDiscountNodeByCode": None}
    assert told["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_withheld_customer_data_is_null_beside_the_rest(store: ShopifyStore) -> None:
    order = store.add_order()
    store.shop.withholds_personal_data = True
    told = ask(store, document("order"), id=order["admin_graphql_api_id"])
    assert (told["data"]["order"]["name"], told["data"]["order"]["email"]) == ("#1001", None)
    assert ["order", "email"] in [error["path"] for error in told["errors"]]


def test_an_unsupported_version_falls_forward_without_a_word(store: ShopifyStore) -> None:
    answer = post(store, "/admin/api/2020-01/graphql.json", {"query": "{ shop { name } }"}, "pasted")
    assert (answer.status_code, answer.headers["X-Shopify-API-Version"]) == (200, "2026-01")


# -- codes ------------------------------------------------------------------------------------------


def test_a_code_exists_once_whatever_its_case(store: ShopifyStore) -> None:
    assert create(store)["userErrors"] == []
    assert create(store, code="pv-1")["userErrors"] == [{"field": ["basicCodeDiscount", "code"], "code": "TAKEN"}]
    assert ask(store, document("discount_by_code"), code="pV-1")["data"]["codeDiscountNodeByCode"]["id"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"title": ""}, "BLANK"),
        ({"customerGets": None}, "BLANK"),
        ({"endsAt": "2026-11-20T12:00:00Z"}, "END_DATE_BEFORE_START_DATE"),
        ({"customerGets": {"value": {"percentage": 10}, "items": {"all": True}}}, "VALUE_OUTSIDE_RANGE"),
        ({"context": {"customers": {"add": ["gid://shopify/Customer/404"]}}}, "INVALID"),
    ],
)
def test_a_senseless_code_is_not_made(store: ShopifyStore, wish: dict[str, Any], code: str) -> None:
    assert [error["code"] for error in create(store, **wish)["userErrors"]] == [code]
    assert store.discounts() == []


def test_a_code_without_limits_has_none(store: ShopifyStore) -> None:
    # Nothing is refused for being too generous: what is not asked for is unlimited.
    create(store)
    (held,) = store.discounts()
    assert (held["usage_limit"], held["ends_at"], held["customers"]) == (None, None, [])


# -- orders and webhooks ----------------------------------------------------------------------------


def test_an_order_goes_from_paid_to_delivered(store: ShopifyStore, clock: StandingClock) -> None:
    order = store.add_order(customer_locale="en")
    assert (order["fulfillment_status"], order["customer_locale"]) == (None, "en")
    parcel = store.ship(order["id"])
    assert (order["fulfillment_status"], parcel["order_id"]) == ("fulfilled", order["id"])
    clock.advance(days=2)
    event = store.delivered_event(order["id"])
    assert (event["status"], event["fulfillment_id"]) == ("delivered", parcel["id"])
    assert event["happened_at"] == "2026-11-23T12:00:00+00:00"
    assert parcel["shipment_status"] == "delivered"


def test_a_shopper_who_comes_back_is_the_same_customer(store: ShopifyStore) -> None:
    first, second = store.add_order(email="sam@example.com"), store.add_order(email="Sam@example.com")
    assert first["customer"]["id"] == second["customer"]["id"]
    assert store.add_order(email="ana@example.com")["customer"]["id"] != first["customer"]["id"]
    assert first["id"] != second["id"]
    assert first["id"] > 2**53


def test_a_webhook_is_signed_over_its_escaped_bytes(store: ShopifyStore) -> None:
    headers, body = store.signed_webhook("orders/create", store.add_order())
    assert signed(body, headers["X-Shopify-Hmac-Sha256"], ["mias-secret"])
    assert b"&" not in body
    assert not signed(json.dumps(json.loads(body)).encode(), headers["X-Shopify-Hmac-Sha256"], ["mias-secret"])
    again, _ = store.signed_webhook("orders/create", {})
    assert headers["X-Shopify-Webhook-Id"] != again["X-Shopify-Webhook-Id"]


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A server that keeps what it is sent and answers 202; its URL and what came."""
    came: list[tuple[str, str, bytes]] = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, self.headers["X-Shopify-Topic"], body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/shopify/key", came
    server.shutdown()
    server.server_close()


def test_a_webhook_arrives_and_its_answer_is_told(
    store: ShopifyStore, inbox: tuple[str, list[tuple[str, str, bytes]]]
) -> None:
    url, came = inbox
    assert store.deliver(url, "orders/create", store.add_order()) == 202
    ((path, topic, body),) = came
    assert (path, topic) == ("/webhooks/shopify/key", "orders/create")
    assert json.loads(body)["name"] == "#1001"


def test_a_store_that_was_stopped_answers_no_more(store: ShopifyStore) -> None:
    address = urlsplit(store.start())
    server = store._server
    store.stop()
    store.stop()
    assert server is not None
    assert server.socket.fileno() == -1, f"{address.port} is still listened on"
