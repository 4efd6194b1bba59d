"""Every GraphQL document, REST call and field of ours was answered by something that knows what the platform knows.

Shopify's server resolves against the official schema and has to hold each field it is asked for; WooCommerce's
fields are those of requests and answers that were recorded from a real store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from graphql import GraphQLError, OperationDefinitionNode, default_field_resolver, execute_sync, parse

from connectors.http import Http, Response
from connectors.payload import Payload
from connectors.stores.shopify.client import document
from connectors.stores.shopify.scopes import NEEDED_FOR
from connectors.stores.woocommerce import webhook as woocommerce_webhook
from connectors.stores.woocommerce.discounts import coupon_of
from integration.domain.errors import PostventaError
from integration.domain.money import Money
from integration.domain.tasks import DiscountRequest
from tests.connectors.conftest import LIMITS, Store
from tests.connectors.harness_shopify import ShopifyHarness
from tests.connectors.harness_woocommerce import WooCommerceHarness
from tests.connectors.woocommerce_captures import ORDERS, capture
from tests.stores.test_shopify_schema import DOCUMENTS

URL, MOVED = "https://postventa.mia.example/webhooks/x/KEY", "https://new.mia.example/webhooks/x/KEY"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def strict(source: Any, info: Any, **arguments: Any) -> Any:
    """As graphql-core does, but a field that the server forgot is an error and not null."""
    if isinstance(source, Mapping) and info.field_name not in source:
        raise GraphQLError(f"the server has no {info.parent_type.name}.{info.field_name}")
    return default_field_resolver(source, info, **arguments)


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server was asked for and did not hold."""
    found: list[str] = []

    def executed(*given: Any, **named: Any) -> Any:
        result = execute_sync(*given, **named, field_resolver=strict)
        found.extend(error.message for error in result.errors or () if "the server has no" in error.message)
        return result

    monkeypatch.setattr("integration.demo.stores.shopify.execute_sync", executed)
    return found


@pytest.fixture
def store(tmp_path: Path, forgotten: list[str]) -> Iterator[Store]:
    running = Store(ShopifyHarness(tmp_path))
    yield running
    running.harness.stop()
    assert forgotten == []


def use_shopify(store: Store) -> None:
    """Do all that the connector can do; with many lines, a removed code, and webhooks that moved."""
    own, shop = store.harness.store, store.connector  # type: ignore[attr-defined]
    order = own.add_order()
    order["line_items"] *= 60
    parcel = own.ship(order["id"])
    request = store.harness.discount()
    shop.check()
    shop.describe()
    assert shop.fetch_order(str(order["id"])) is not None
    shop.changed_orders(LONG_AGO)
    shop.open_shipments([str(parcel["id"])])
    for number, kind in enumerate(("percent", "fixed", "free_shipping")):
        wish = {"kind": kind, "code": f"PV-{number}", "customer_ref": ""}
        made = shop.create_discount(DiscountRequest(**(asdict(request) | wish)))
        shop.find_discount(made.code)
        shop.revoke_discount(made.ref)
        shop.revoke_discount(made.ref)
    shop.note_on_order(str(order["id"]), "noted", "tag")
    shop.heal_subscriptions(URL, "")
    shop.heal_subscriptions(MOVED, "")
    list(shop.observe(LONG_AGO))


def asdict(request: DiscountRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__slots__}


def operation(text: str) -> str:
    (node,) = parse(text).definitions
    assert isinstance(node, OperationDefinitionNode)
    assert node.name
    return node.name.value


def test_every_graphql_document_is_executed_and_every_field_of_it_resolved(store: Store) -> None:
    use_shopify(store)
    asked = set(store.harness.store.asked) - {"token"}  # type: ignore[attr-defined]
    assert asked == {operation(text) for text in DOCUMENTS.values()}
    assert {name for name in DOCUMENTS if document(name) != DOCUMENTS[name]} == set()


def test_the_scopes_of_the_app_file_are_enough_for_all_of_it(store: Store) -> None:
    shop = store.connector
    store.harness.store.shop.scopes = set(shop.permissions(frozenset(filter(None, NEEDED_FOR.values()))))  # type: ignore[attr-defined]
    use_shopify(store)


@pytest.mark.parametrize("scope", NEEDED_FOR)
def test_without_one_of_them_something_is_refused(store: Store, scope: str) -> None:
    left = set(NEEDED_FOR) - ({scope, "write_orders"} if scope == "read_orders" else {scope})  # who writes may read
    store.harness.store.shop.scopes = left  # type: ignore[attr-defined]
    assert [
        check.params["scope"] for check in store.connector.check() if check.code == "shopify_scope" and not check.ok
    ]
    if scope == "write_orders":
        order = store.harness.add_order()
        assert store.connector.note_on_order(order, "noted", "tag") == "no_scope"
        return
    if scope == "write_app_proxy":  # what Shopify asks of us, not we of it
        return
    with pytest.raises(PostventaError):
        use_shopify(store)


def test_every_document_has_a_file_and_every_file_a_caller() -> None:
    sources = [
        file.read_text("utf-8") for file in files("connectors.stores.shopify").iterdir() if file.name.endswith(".py")
    ]
    named = {name for text in sources for name in re.findall(r'\.(?:run|ask|look)\(\s*"(\w+)"', text)}
    assert named == set(DOCUMENTS)


# -- WooCommerce ------------------------------------------------------------------------------------

CALLS = {
    "GET ": set(),
    "GET system_status": set(),
    "GET settings/general": set(),
    "GET reports/orders/totals": set(),
    "GET orders": {
        "status",
        "modified_after",
        "after",
        "dates_are_gmt",
        "orderby",
        "order",
        "per_page",
        "page",
        "_fields",
    },
    "GET orders/#": set(),
    "POST orders/#/notes": {"note", "customer_note"},
    "GET orders/#/notes": set(),
    "GET coupons": {"code"},
    "POST coupons": set(),
    "DELETE coupons/#": {"force"},
    "GET webhooks": {"per_page", "page"},
    "POST webhooks": {"name", "topic", "delivery_url", "secret", "status"},
    "DELETE webhooks/#": {"force"},
}
"""Every call with the names that it sends, all of them seen at a real store or in its documents (facts 2, 4, 5)."""


class Written(Http):
    """Calls out, and keeps what was called with which names."""

    calls: dict[str, set[str]] = {}  # noqa: RUF012 - one run, one book

    def request(self, method: str, url: str, **more: Any) -> Response:
        path = urlsplit(url).path.partition("/wp-json/")[2].removeprefix("wc/v3/")
        names = {*(more.get("params") or {}), *(more.get("json") or {})} - {"_", "consumer_key", "consumer_secret"}
        self.calls.setdefault(f"{method} {re.sub('[0-9]+', '#', path)}", set()).update(names)
        return super().request(method, url, **more)


def use_woocommerce(store: Store) -> None:
    shop, order = store.connector, store.harness.add_order()
    shop.check()
    shop.describe()
    shop.fetch_order(order)
    shop.changed_orders(LONG_AGO)
    shop.orders_by_status(LONG_AGO)
    made = shop.create_discount(store.harness.discount())
    shop.find_discount(made.code)
    shop.revoke_discount(made.ref)
    shop.note_on_order(order, "noted", "")
    shop.heal_subscriptions(URL, "secret")
    shop.heal_subscriptions(MOVED.replace("new.", "newer."), "secret")
    list(shop.observe(LONG_AGO))


def test_every_rest_call_is_one_of_the_known_ones_and_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.demo.stores.woocommerce_hooks.post", lambda *_: 200)
    running = Store(WooCommerceHarness(tmp_path))
    running.http = Written(LIMITS)
    Written.calls.clear()
    running.connector = running.harness.connector(running.http, running.url)
    use_woocommerce(running)
    running.harness.stop()
    coupon = Written.calls["POST coupons"]
    assert set(Written.calls) == set(CALLS)
    odd = {call: names - CALLS[call] for call, names in Written.calls.items() if call != "POST coupons"}
    assert {call: names for call, names in odd.items() if names} == {}
    assert coupon == set(coupon_of(running.harness.discount()))


def test_every_field_of_a_coupon_that_we_send_is_one_that_a_real_store_answered() -> None:
    real = json.loads(capture("coupon.created__plain")[1])
    asked = coupon_of(
        DiscountRequest(
            "PV-1",
            "Postventa",
            "percent",
            Money.of("10", "EUR").amount,
            "EUR",
            "sam@example.com",
            "",
            LONG_AGO,
            LONG_AGO + timedelta(days=1),
        )
    )
    assert set(asked) - set(real) == set()


class Seen:
    """Which members of a payload were read, and which of them were there at least once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: set[str] = set()
        self.there: set[str] = set()
        at = Payload.at

        def noted(place: Payload, name: str) -> Payload:
            path = re.sub(r"\[\d+\]", "", f"{place.path}.{name}")
            self.read.add(path)
            if isinstance(place.value, dict) and name in place.value:
                self.there.add(path)
            return at(place, name)

        monkeypatch.setattr(Payload, "at", noted)


def test_every_field_that_we_read_of_an_order_was_in_one_that_a_real_store_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = Seen(monkeypatch)
    for name in ORDERS:
        headers, body = capture(name)
        woocommerce_webhook.parse(headers["x-wc-webhook-topic"], body)
    assert len(seen.read) > 40
    assert seen.read - seen.there == set()


LISTS = {"$.orders", "$.coupons", "$.notes", "$.totals", "$.webhooks"}  # our names for answers that are lists
ANSWERED = {
    *("$.namespaces", "$.gmt_offset", "$.timezone_string"),
    *("$.environment", "$.settings", "$.active_plugins", "$.settings.HPOS_enabled"),
    *(f"$.environment.{name}" for name in ("home_url", "language", "version", "wp_cron", "wp_version")),
    *("$.totals.slug", "$.webhooks.topic", "$.webhooks.delivery_url"),
}
"""Every other field that we read, as WooCommerce 10.5.0 answered it or its reference names it (facts 3.3, 4)."""


def test_every_other_field_that_we_read_is_one_that_a_real_store_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.demo.stores.woocommerce_hooks.post", lambda *_: 200)
    seen = Seen(monkeypatch)
    for name in ORDERS:
        headers, body = capture(name)
        woocommerce_webhook.parse(headers["x-wc-webhook-topic"], body)
    ours = {path.rpartition(".")[2] for path in seen.read} | set(json.loads(capture("coupon.created__plain")[1]))
    running = Store(WooCommerceHarness(tmp_path))
    use_woocommerce(running)
    running.harness.stop()
    others = {path for path in seen.read if path.rpartition(".")[2] not in ours}
    assert others == ANSWERED | LISTS
    assert others - seen.there == set()
