"""The app's file says what the code relies on, in TOML."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from connectors.http import Http, HttpLimits
from connectors.stores.shopify import checks, webhook
from connectors.stores.shopify.client import API_VERSION
from connectors.stores.shopify.connector import Shopify
from connectors.stores.shopify.scopes import NEEDED_FOR
from tests.stores.test_shopify_schema import SDL

URL = "https://postventa.mia.example"
HOOKS = f"{URL}/webhooks/shopify/KEY"
ALL = frozenset(filter(None, NEEDED_FOR.values()))


def file(webhook_url: str = HOOKS, features: frozenset[str] = ALL, **credentials: str) -> dict[str, Any]:
    shop = Shopify("mia.myshopify.com", {"client_id": 'a"b\\c', **credentials}, Http(HttpLimits()))
    return tomllib.loads(shop.app_file(URL, webhook_url, features))


def test_it_says_who_the_app_is_and_where() -> None:
    told = file()
    assert (told["client_id"], told["application_url"], told["embedded"]) == ('a"b\\c', URL, False)
    assert told["auth"] == {"redirect_urls": [f"{URL}/admin/"]}


def test_its_webhooks_are_those_that_the_code_reads() -> None:
    ordinary, compliance = file()["webhooks"]["subscriptions"]
    assert ordinary == {"topics": list(checks.TOPICS), "uri": HOOKS}
    assert compliance["uri"] == HOOKS
    subscribed = [*ordinary["topics"], *compliance["compliance_topics"]]
    assert subscribed == list(Shopify("mia.myshopify.com", {}, Http(HttpLimits())).webhook_topics())
    assert [topic for topic in subscribed if topic not in webhook._READERS] == []
    assert file()["webhooks"]["api_version"] == API_VERSION


def test_only_privacy_topics_stand_apart_since_no_api_can_subscribe_them() -> None:
    ordinary, compliance = file()["webhooks"]["subscriptions"]
    known = SDL.split()
    assert [topic for topic in ordinary["topics"] if topic.upper().replace("/", "_") not in known] == []
    privacy = {"customers/data_request", "customers/redact", "shop/redact"}
    assert set(compliance["compliance_topics"]) <= privacy


@pytest.mark.parametrize(
    ("features", "scopes"),
    [
        (frozenset(), "read_orders,read_customers,read_fulfillments"),
        (frozenset({"codes"}), "read_orders,read_customers,read_fulfillments,write_discounts"),
        (ALL, "read_orders,read_customers,read_fulfillments,write_discounts,write_orders,write_app_proxy"),
    ],
)
def test_its_scopes_are_those_of_what_is_switched_on(features: frozenset[str], scopes: str) -> None:
    assert file(features=features)["access_scopes"] == {"scopes": scopes}


def test_before_a_shop_is_connected_it_has_no_webhooks_yet() -> None:
    assert "subscriptions" not in file(webhook_url="")["webhooks"]


def test_its_proxy_is_there_where_the_shop_shows_our_page() -> None:
    proxy = {"url": f"{URL}/storefront/shopify/KEY", "prefix": "apps", "subpath": "postventa"}
    assert file()["app_proxy"] == proxy
    assert "app_proxy" not in file(features=frozenset({"codes"}))
    assert "app_proxy" not in file(webhook_url="")
