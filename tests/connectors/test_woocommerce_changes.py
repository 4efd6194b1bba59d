"""Changed orders, webhooks and notes of WooCommerce: what is odd in this store alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.http import Http
from connectors.stores.woocommerce.connector import WooCommerce
from tests.connectors.conftest import LIMITS
from tests.connectors.harness_woocommerce import NOW, WooCommerceHarness
from tests.connectors.raw_server import RawServer, answer
from tests.stores.faults import Faults

URL = "https://mia.example/webhooks/woocommerce/key"


@pytest.fixture
def mia(tmp_path: Path) -> Iterator[WooCommerceHarness]:
    """A shop in Madrid."""
    harness = WooCommerceHarness(tmp_path)
    harness.start()
    yield harness
    harness.stop()


@pytest.fixture
def shop(mia: WooCommerceHarness) -> WooCommerce:
    return mia.connector(Http(LIMITS), mia.store.url)


def test_an_erased_shopper_is_told_apart(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    kept, erased = mia.add_order(), mia.add_order()
    mia.store.shop.orders[int(erased)]["billing"]["email"] = "deleted@site.invalid"
    page = shop.changed_orders(NOW)
    assert ([order.ref for order in page.orders], page.erased) == ([kept], (erased,))


def test_an_order_that_cannot_be_read_holds_up_no_other(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    broken, kept = mia.add_order(), mia.add_order()
    mia.store.shop.orders[int(broken)]["total"] = "twelve"
    page = shop.changed_orders(NOW)
    assert ([order.ref for order in page.orders], page.unreadable) == ([kept], (broken,))


def test_the_trash_is_seen_and_carts_are_not(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    gone, cart = mia.add_order(), mia.add_order()
    mia.store.shop.delete_order(int(gone), force=False)
    mia.store.set_status(int(cart), "checkout-draft")
    assert [(order.ref, order.state) for order in shop.changed_orders(NOW).orders] == [(gone, "removed")]


def test_the_shops_offset_loses_no_order(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    ref = mia.add_order()  # noon UTC is one o'clock in Madrid
    assert [order.ref for order in shop.changed_orders(NOW).orders] == [ref]
    assert shop.changed_orders(NOW + timedelta(seconds=1)).orders == ()


def test_a_shop_that_does_not_tell_its_statuses_is_asked_for_any(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    ref = mia.add_order()
    with Faults(mia.store.url) as faults:
        shop = mia.connector(Http(LIMITS), faults.url)
        faults.now, faults.once = "404", True
        assert [order.ref for order in shop.changed_orders(NOW).orders] == [ref]


def test_a_webhook_that_a_person_paused_stays_paused(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    shop.heal_subscriptions(URL, "s")
    hook = mia.store.hooks.all()[0]
    mia.store.hooks.change(hook["id"], {"status": "paused"})
    assert shop.heal_subscriptions(URL, "s") == ()
    assert mia.store.hooks.one(hook["id"])["status"] == "paused"


def test_a_webhook_made_anew_has_no_failures_behind_it_and_signs_with_our_secret(
    mia: WooCommerceHarness, shop: WooCommerce
) -> None:
    with RawServer(answer(b"{}")) as receiver:
        url = f"{receiver.url}/webhooks/woocommerce/key"
        shop.heal_subscriptions(url, "ours")
        receiver.answer = answer(b"", "500 Oops")
        ref = int(mia.add_order())
        for _ in range(7):
            mia.store.deliver(ref, "order.updated")
        receiver.answer = answer(b"{}")
        assert shop.heal_subscriptions(url, "ours") == ("order.updated",)
        assert mia.store.deliver(ref, "order.updated") == [200]
        (hook,) = (hook for hook in mia.store.hooks.all() if hook["topic"] == "order.updated")
        assert mia.store.hooks.failures(hook["id"]) == 0
        headers, body = mia.store.signed_webhook(ref, "order.updated", "ours")
        assert headers["X-WC-Webhook-Signature"].encode() in receiver.requests[-1]
        assert body in receiver.requests[-1]


def test_a_note_is_for_the_shop_alone(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    ref = mia.add_order()
    shop.note_on_order(ref, "Código creado", "postventa")
    assert [note["customer_note"] for note in mia.store.shop.list_notes(int(ref))] == [False]


def test_a_note_whose_answer_was_lost_is_not_left_twice(mia: WooCommerceHarness, shop: WooCommerce) -> None:
    ref = mia.add_order()
    mia.store.shop.add_note(int(ref), {"note": "Código creado"})
    assert shop.note_on_order(ref, "Código creado", "") == ""
    assert mia.notes(ref) == ["Código creado"]
