"""Changed orders, subscriptions and notes of Shopify: what is odd in this store alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.http import Http
from connectors.stores.shopify.connector import Shopify
from integration.domain.errors import Permanent, Refused
from tests.connectors.conftest import LIMITS
from tests.connectors.harness_shopify import ShopifyHarness

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def mia(tmp_path: Path) -> Iterator[ShopifyHarness]:
    """A shop on Shopify."""
    harness = ShopifyHarness(tmp_path)
    harness.base = harness.start()  # type: ignore[attr-defined]
    yield harness
    harness.stop()


@pytest.fixture
def shop(mia: ShopifyHarness) -> Shopify:
    return mia.connector(Http(LIMITS), mia.base)  # type: ignore[attr-defined]


def test_a_long_order_and_one_of_many_parcels_come_whole(mia: ShopifyHarness, shop: Shopify) -> None:
    order = mia.store.add_order()
    order["line_items"] = [dict(order["line_items"][0], id=number) for number in range(1, 21)]
    for _ in range(6):
        mia.store.ship(order["id"], last=False)
    (found,) = shop.changed_orders(LONG_AGO).orders
    assert (len(found.items), len(found.shipments)) == (20, 6)
    assert found == shop.fetch_order(str(order["id"]))


def test_an_order_that_cannot_be_read_holds_up_no_other(mia: ShopifyHarness, shop: Shopify) -> None:
    broken, kept = mia.store.add_order(), mia.add_order()
    broken["total_price_set"]["shop_money"]["amount"] = "1e99"
    page = shop.changed_orders(LONG_AGO)
    assert ([order.ref for order in page.orders], page.unreadable) == ([kept], (str(broken["id"]),))


def test_without_the_scope_there_is_no_note_and_nothing_is_refused(mia: ShopifyHarness, shop: Shopify) -> None:
    mia.store.shop.scopes.discard("write_orders")
    ref = mia.add_order()
    assert shop.note_on_order(ref, "Caso cerrado", "postventa") == "no_scope"
    assert mia.notes(ref) == []
    mia.store.client_secret = "another"
    mia.store.expire_tokens()
    with pytest.raises(Refused, match="invalid_client"):
        shop.note_on_order(ref, "Caso cerrado", "postventa")


def test_what_the_merchant_wrote_stays_above_our_note_and_her_tags_beside_ours(
    mia: ShopifyHarness, shop: Shopify
) -> None:
    order = mia.store.add_order()
    order["note"], order["tags"] = "Regalo", "vip, madrid"
    for _ in range(2):
        shop.note_on_order(str(order["id"]), "Caso cerrado", "postventa")
    assert (order["note"], order["tags"]) == ("Regalo\nCaso cerrado", "vip, madrid, postventa")


def test_an_address_that_shopify_cannot_reach_is_named(shop: Shopify) -> None:
    with pytest.raises(Permanent, match="subscription_refused") as caught:
        shop.heal_subscriptions("http://mia.example/webhooks/shopify/key", "")
    assert caught.value.params["topic"] == "orders/create"


def test_a_parcel_is_found_by_its_id(mia: ShopifyHarness, shop: Shopify) -> None:
    order = mia.store.add_order()
    parcel = mia.store.ship(order["id"])
    mia.store.delivered_event(order["id"])
    (told,) = shop.open_shipments([str(parcel["id"])])
    assert (told.order_ref, told.shipment.state) == (str(order["id"]), "delivered")
