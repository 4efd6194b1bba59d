"""What the owner is told when she connects her Shopify shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

import pytest

from connectors.http import Http, HttpLimits
from connectors.payload import Payload
from connectors.stores.shopify.connector import Shopify
from integration.demo.stores.shopify import ShopifyStore
from integration.domain.errors import Temporary
from integration.domain.facts import Address
from integration.i18n import catalogue
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
    store.subscribe(*shop.webhook_topics()[:-3])
    assert failed(shop) == []
    assert {check.code for check in shop.check()} == {
        "shopify_access",
        "shopify_domain",
        "shopify_scope",
        "shopify_api_version",
        "shopify_customer_data",
        "shopify_webhooks",
    }


def test_without_access_nothing_else_is_said(store: ShopifyStore) -> None:
    store.client_secret = "another"
    assert failed(connect(store)) == [("shopify_access", {"problem": "invalid_client"})]


def test_each_missing_scope_is_named(store: ShopifyStore) -> None:
    store.shop.scopes = {"read_orders", "read_fulfillments", "read_discounts"}
    missing = [(one.params["scope"], one.feature) for one in connect(store).check() if not one.ok]
    assert missing == [
        ("read_customers", ""),
        ("write_discounts", "codes"),
        ("write_orders", "notes"),
        ("write_app_proxy", "storefront"),
    ]


def test_who_may_write_may_read(store: ShopifyStore) -> None:
    store.shop.scopes.discard("read_orders")
    assert failed(connect(store)) == []


def test_another_shop_behind_the_address_is_noticed(store: ShopifyStore) -> None:
    shop = connect(store, "eve.myshopify.com")
    assert failed(shop) == [("shopify_domain", {"domain": "eve.myshopify.com", "store": "mia.myshopify.com"})]


def test_withheld_customer_data_is_noticed(store: ShopifyStore) -> None:
    store.add_order()
    store.shop.withholds_personal_data = True
    (found,) = failed(connect(store))
    assert found == ("shopify_customer_data", {"withheld": "email, firstName, shippingAddress"})


def test_a_shop_without_orders_does_not_claim_that_addresses_come_through(store: ShopifyStore) -> None:
    store.shop.withholds_personal_data = True
    assert "shopify_customer_data_unseen" in [one.code for one in connect(store).check() if one.ok]


def test_an_order_of_the_counter_does_not_look_like_withheld_data(store: ShopifyStore) -> None:
    store.add_order()
    store.add_order()["email"] = None
    assert failed(connect(store)) == []


def test_orders_that_we_may_not_read_are_noticed(store: ShopifyStore) -> None:
    store.shop.scopes -= {"read_orders", "write_orders"}
    scope, _, data = failed(connect(store))
    assert scope == ("shopify_scope", {"scope": "read_orders"})
    assert (data[0], data[1]["problem"]) == ("shopify_customer_data", "access_denied")


def test_missing_and_outdated_subscriptions_are_named(store: ShopifyStore) -> None:
    shop = connect(store)
    wanted = shop.webhook_topics()[:-3]
    store.subscribe(*wanted[2:])
    store.subscribe(wanted[1], version="2026-01")
    assert failed(shop) == [("shopify_webhooks", {"missing": "orders/create, orders/updated"})]


def test_subscriptions_that_cannot_be_listed_are_a_matter_of_access(
    store: ShopifyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = connect(store)
    ask = shop.client.run

    def busy(name: str, **variables: object) -> Payload:
        if name == "webhooks":
            raise Temporary("throttled")
        return ask(name, **variables)

    monkeypatch.setattr(shop.client, "run", busy)
    assert failed(shop) == [("shopify_access", {"problem": "throttled"})]


def test_every_check_has_its_words(store: ShopifyStore) -> None:
    shop = connect(store)
    found = {check.code for check in shop.check()}
    store.subscribe("orders/create")
    found |= {check.code for check in shop.check()}
    assert {code for code in found if f"checks.{code}.ok" not in catalogue("es")} == set()


def test_subscriptions_are_read_to_the_last_page(store: ShopifyStore) -> None:
    shop = connect(store)
    store.subscribe(*["products/update"] * 120, *shop.webhook_topics()[:-3])
    assert failed(shop) == []


def test_subscriptions_of_the_app_file_are_not_listed_and_not_missed(store: ShopifyStore) -> None:
    assert connect(store).check()[-1].code == "shopify_webhooks_unlisted"


def test_an_unsupported_version_is_noticed(store: ShopifyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.demo.stores.shopify_graphql.SUPPORTED", ("2027-01",))
    assert failed(connect(store)) == [("shopify_api_version", {"version": "2026-10"})]


def test_the_shop_describes_itself(store: ShopifyStore) -> None:
    told = connect(store).describe()
    assert (told.name, told.currency, told.zone, told.locale) == ("Mia", "EUR", "Europe/Madrid", "")
    assert told.address == Address("Mia", "", "Gran Vía 1", "", "Madrid", "Madrid", "28013", "ES")


def test_every_topic_that_we_ask_for_is_one_of_shopifys(store: ShopifyStore) -> None:
    # Those of compliance can only be subscribed in the app's configuration.
    known = files("integration.demo").joinpath("stores/shopify_schema.graphql").read_text("utf-8").split()
    topics = connect(store).webhook_topics()
    assert [topic for topic in topics if topic.upper().replace("/", "_") not in known] == [
        "customers/data_request", "customers/redact", "shop/redact",
    ]  # fmt: skip
