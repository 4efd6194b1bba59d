"""What the owner is told when she connects her Shopify shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

import pytest

from connectors.http import Http, HttpLimits
from connectors.stores.shopify.connector import Shopify
from integration.demo.stores.shopify import ShopifyStore
from integration.domain.facts import Address
from tests.conftest import StandingClock

HTTP = Http(HttpLimits(allow_private_hosts=True))


@pytest.fixture
def store(clock: StandingClock) -> Iterator[ShopifyStore]:
    running = ShopifyStore(now=clock)
    yield running
    running.stop()


def connect(store: ShopifyStore, domain: str = "mia.myshopify.com") -> Shopify:
    credentials = {"client_id": store.client_id, "client_secret": "mias-secret", "api_base": store.start()}
    return Shopify(domain, credentials, HTTP)


def failed(shop: Shopify) -> list[tuple[str, Mapping[str, str]]]:
    return [(check.code, check.params) for check in shop.check() if not check.ok]


def test_a_shop_that_is_well_connected_passes_every_check(store: ShopifyStore) -> None:
    store.add_order()
    shop = connect(store)
    store.subscribe(*shop.webhook_topics()[:-1])
    assert failed(shop) == []
    assert {check.code for check in shop.check()} == {
        "store_keys",
        "store_home",
        "store_scope",
        "store_version",
        "store_customer_data",
        "store_webhooks",
    }


def test_without_access_nothing_else_is_said(store: ShopifyStore) -> None:
    store.client_secret = "another"
    assert failed(connect(store)) == [("store_keys", {"problem": "invalid_client"})]


def test_each_missing_scope_is_named(store: ShopifyStore) -> None:
    store.shop.scopes = {"write_orders", "read_fulfillments", "read_discounts"}
    assert failed(connect(store)) == [
        ("store_scope", {"scope": "read_customers", "problem": "scope_missing"}),
        ("store_scope", {"scope": "write_discounts", "problem": "scope_missing"}),
    ]


def test_another_shop_behind_the_address_is_noticed(store: ShopifyStore) -> None:
    shop = connect(store, "eve.myshopify.com")
    assert failed(shop) == [
        ("store_home", {"home": "mia.myshopify.com", "address": "eve.myshopify.com", "problem": "other_shop"})
    ]


def test_withheld_customer_data_is_noticed(store: ShopifyStore) -> None:
    store.add_order()
    store.shop.withholds_personal_data = True
    assert failed(connect(store)) == [("store_customer_data", {"problem": "customer_data_withheld"})]


def test_an_order_of_the_counter_does_not_look_like_withheld_data(store: ShopifyStore) -> None:
    store.add_order()
    store.add_order()["email"] = None
    assert failed(connect(store)) == []


def test_orders_that_we_may_not_read_are_noticed(store: ShopifyStore) -> None:
    store.shop.scopes.discard("read_orders")
    scope, data = failed(connect(store))
    assert scope == ("store_scope", {"scope": "read_orders", "problem": "scope_missing"})
    assert (data[0], data[1]["problem"]) == ("store_customer_data", "access_denied")


def test_missing_and_outdated_subscriptions_are_named(store: ShopifyStore) -> None:
    shop = connect(store)
    wanted = shop.webhook_topics()[:-1]
    store.subscribe(*wanted[2:])
    store.subscribe(wanted[1], version="2026-01")
    assert failed(shop) == [
        ("store_webhooks", {"missing": "orders/create, orders/updated", "problem": "webhooks_missing"})
    ]


def test_subscriptions_are_read_to_the_last_page(store: ShopifyStore) -> None:
    shop = connect(store)
    store.subscribe(*["products/update"] * 120, *shop.webhook_topics()[:-1])
    assert failed(shop) == []


def test_subscriptions_of_the_app_file_are_not_listed_and_not_missed(store: ShopifyStore) -> None:
    assert connect(store).check()[-1].code == "store_webhooks_unlisted"


def test_an_unsupported_version_is_noticed(store: ShopifyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.demo.stores.shopify_graphql.SUPPORTED", ("2027-01",))
    assert failed(connect(store)) == [("store_version", {"version": "2026-10", "problem": "version_unsupported"})]


def test_the_shop_describes_itself(store: ShopifyStore) -> None:
    told = connect(store).describe()
    assert (told.name, told.currency, told.zone, told.locale) == ("Mia", "EUR", "Europe/Madrid", "")
    assert told.address == Address("Mia", "", "Gran Vía 1", "", "Madrid", "Madrid", "28013", "ES")


def test_every_topic_that_we_ask_for_is_one_of_shopifys(store: ShopifyStore) -> None:
    known = files("integration.demo").joinpath("stores/shopify_schema.graphql").read_text("utf-8").split()
    topics = connect(store).webhook_topics()
    assert [topic for topic in topics if topic.upper().replace("/", "_") not in known] == ["customers/redact"]
