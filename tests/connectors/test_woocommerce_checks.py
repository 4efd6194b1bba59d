"""What is looked at when a WooCommerce shop is connected: every trap of the facts, switched on in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import ADVICE, Check
from connectors.http import Http, HttpLimits
from connectors.stores.woocommerce.connector import WooCommerce
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.domain.errors import BadPayload
from integration.i18n import LANGUAGES, Words, check_words
from tests.connectors.conftest import LIMITS
from tests.connectors.harness_woocommerce import NOW, WooCommerceHarness
from tests.connectors.raw_server import RawServer, answer
from tests.stores.faults import Faults

KEYS = {"consumer_key": "ck_canary", "consumer_secret": "cs_canary"}
GOOD = ("store_https", "store_api", "store_keys", "store_home", "store_write")


@pytest.fixture
def mia(tmp_path: Path) -> Iterator[WooCommerceStore]:
    """Mia's store."""
    harness = WooCommerceHarness(tmp_path)
    harness.start()
    yield harness.store
    harness.stop()


def connected(address: str, **changes: Any) -> WooCommerce:
    return WooCommerce(address, {**KEYS, **changes}, Http(LIMITS))


def looked(shop: WooCommerce) -> dict[str, str]:
    return {check.code: "ok" if check.ok else check.params["problem"] for check in shop.check()}


def wrong(shop: WooCommerce) -> Check:
    """The one thing that is wrong."""
    [found] = [check for check in shop.check() if not check.ok]
    return found


def told(check: Check) -> str:
    """What the owner reads of it, in her language; in every language there are words, and no value is missing."""
    said = [check_words(Words(language), check.code, ok=check.ok, params=check.params) for language in LANGUAGES]
    assert len(set(said)) == len(LANGUAGES)
    assert not any("{" in text or text == check.code or "canary" in text for text in said)
    return said[LANGUAGES.index("es")]


def front(**said: Any) -> bytes:
    return answer(json.dumps({"name": "x", "namespaces": ["wp/v2"], **said}).encode())


def test_a_good_shop_passes_every_check_and_none_of_them_leaves_a_coupon(mia: WooCommerceStore) -> None:
    checks = connected(mia.url).check()
    assert [(check.code, check.ok) for check in checks] == [(code, True) for code in GOOD]
    assert all(told(check) for check in checks)
    assert mia.coupons() == []


def test_wrong_keys_end_the_look(mia: WooCommerceStore) -> None:
    assert looked(connected(mia.url, consumer_secret="cs_other")) == {
        "store_https": "ok", "store_api": "ok", "store_keys": "access_refused",
    }  # fmt: skip
    assert "Crea unas nuevas" in told(wrong(connected(mia.url, consumer_key="ck_other")))


def test_keys_of_another_shop_are_told_by_its_home(mia: WooCommerceStore) -> None:
    mia.home_url = "https://other.example"
    found = wrong(connected(mia.url))
    assert (found.code, found.params["problem"]) == ("store_home", "other_shop")
    assert "https://other.example" in told(found)
    mia.home_url = mia.url.replace("127.0.0.1", "www.127.0.0.1")
    assert looked(connected(mia.url))["store_home"] == "ok"


def test_no_https_and_a_site_without_woocommerce() -> None:
    found = wrong(WooCommerce("http://shop.example", KEYS, Http(HttpLimits())))
    assert (found.code, found.params["problem"]) == ("store_https", "not_https")
    assert "https://" in told(found)
    with RawServer(front()) as server:
        assert "no está activo" in told(wrong(connected(server.url)))


def test_plain_permalinks_are_told_from_any_other_page(mia: WooCommerceStore) -> None:
    mia.plain_permalinks = True
    found = wrong(connected(mia.url))
    assert (found.code, found.params["problem"]) == ("store_api", "plain_permalinks")
    assert "Enlaces permanentes" in told(found)


@pytest.mark.parametrize(
    ("fault", "problem", "words"),
    [
        ("html", "not_json", "mantenimiento"),
        ("403", "firewall", "Algo delante de la tienda"),
        ("redirect", "redirected", "Conecta la tienda con esa"),
        ("503", "store_busy", "contesta con un error"),
        ("rubbish", "not_json", "mantenimiento"),
    ],
)
def test_what_stands_before_the_shop_is_named_before_any_key_goes_out(
    mia: WooCommerceStore, fault: str, problem: str, words: str
) -> None:
    with Faults(mia.url) as between:
        between.now = fault
        shop = connected(between.url)
        for checks in (shop.check(), shop.greet()):
            [found] = [check for check in checks if not check.ok]
            assert (found.code, found.params["problem"]) == ("store_api", problem)
            assert words in told(found)
    assert mia.requests == []


def test_a_redirect_proposes_the_address_it_leads_to() -> None:
    for place in ("https://www.shop.example/tienda/wp-json/", "https://www.shop.example/tienda/wp-json"):
        with RawServer(answer(b"", "301 Moved", location=place)) as server:
            assert wrong(connected(server.url)).params["to"] == "https://www.shop.example/tienda"
    with RawServer(answer(b"", "301 Moved", location="/tienda/wp-json/")) as server:
        assert wrong(connected(server.url)).params["to"] == f"{server.url}/tienda"


def test_before_there_are_keys_the_shop_is_greeted_by_its_name(mia: WooCommerceStore) -> None:
    [https, api] = WooCommerce(mia.url, {}, Http(LIMITS)).greet()
    assert (https.ok, api.ok, api.params["name"]) == (True, True, "Tienda de Mia")
    assert mia.requests == ["GET /wp-json/"]


def test_a_host_that_eats_the_header_is_told_and_works(mia: WooCommerceStore) -> None:
    mia.strips_authorization = True
    shop = connected(mia.url)
    assert looked(shop) == dict.fromkeys((*GOOD, "store_keys_in_query"), "ok")
    assert "https" in told(next(check for check in shop.check() if check.code == "store_keys_in_query"))
    mia.requests.clear()
    remembered = connected(mia.url, **{name: shop.state[name] for name in WooCommerce.lasting})
    assert remembered.fetch_order(str(mia.add_order()["id"]))
    assert len(mia.requests) == 1  # no try that is refused first


def test_a_read_only_key(mia: WooCommerceStore) -> None:
    mia.shop.permissions = "read"
    found = wrong(connected(mia.url))
    assert (found.code, found.params["problem"]) == ("store_write", "read_only_key")
    assert "lectura y escritura" in told(found)


def test_a_key_of_a_customer(mia: WooCommerceStore) -> None:
    mia.shop.manages = False
    found = wrong(connected(mia.url))
    assert (found.code, found.params["problem"]) == ("store_keys", "role_lost")
    assert "gestor de la tienda" in told(found)


@pytest.mark.parametrize(
    ("fault", "word", "code", "problem"),
    [
        ("403", "POST", "store_write", "firewall"),
        ("403", "system_status", "store_keys", "firewall"),
        ("html", "system_status", "store_keys", "not_json"),
        ("cached", "system_status", "store_cache", "cached"),
    ],
)
def test_what_stands_before_one_part_of_the_shop(
    mia: WooCommerceStore, fault: str, word: str, code: str, problem: str
) -> None:
    with Faults(mia.url, only=word) as between:
        between.now = fault
        connected(between.url).check()  # whatever a cache keeps, it keeps now
        found = wrong(connected(between.url))
    assert (found.code, found.params["problem"], found.feature) == (code, problem, "")
    assert told(found)


def test_a_cache_that_tells_strangers_is_told_and_stops_nothing(mia: WooCommerceStore) -> None:
    with Faults(mia.url, only="system_status") as between:
        between.now = "leaks"
        found = wrong(connected(between.url))
    assert (found.code, found.params["problem"], found.feature) == ("store_cache", "leaked", ADVICE)
    assert "a cualquiera" in told(found)


def test_cron_that_is_switched_off_is_told_and_stops_nothing(mia: WooCommerceStore) -> None:
    mia.wp_cron = False
    found = wrong(connected(mia.url))
    assert (found.code, found.params["problem"], found.feature) == ("store_cron", "switched_off", ADVICE)
    assert "wp-cron.php" in told(found)


@pytest.mark.parametrize(
    "plugin",
    [
        "woocommerce-warranty/woocommerce-warranty.php",
        "yith-advanced-refund-system-for-woocommerce/init.php",
        "woo-refund-and-exchange-lite/woocommerce-refund-and-exchange-lite.php",
    ],
)
def test_a_second_returns_plugin_is_named(mia: WooCommerceStore, plugin: str) -> None:
    mia.plugins = ["akismet/akismet.php", plugin]
    found = wrong(connected(mia.url))
    assert (found.code, found.feature, found.params["plugin"]) == ("store_returns", ADVICE, plugin.partition("/")[0])
    assert plugin.partition("/")[0] in told(found)


@pytest.mark.parametrize(
    ("plugin", "name"),
    [
        ("woo-advanced-shipment-tracking/woocommerce-advanced-shipment-tracking.php", "Advanced Shipment Tracking"),
        ("woocommerce-shipment-tracking/woocommerce-shipment-tracking.php", "Shipment Tracking"),
        ("postventa/postventa.php", "Postventa"),
    ],
)
def test_plugins_that_tell_of_parcels_are_named(mia: WooCommerceStore, plugin: str, name: str) -> None:
    mia.plugins = [plugin]
    [found] = [check for check in connected(mia.url).check() if check.code == "store_tracking"]
    assert (found.ok, found.params["plugin"]) == (True, name)
    assert name in told(found)


# -- approval, counts, pings --------------------------------------------------------------------------


def test_the_page_that_asks_her_is_the_shops_own() -> None:
    url = WooCommerce.approval_url("mia.example/", "state-1", "https://us.example/keys/1", "https://us.example/back")
    assert url == (
        "https://mia.example/wc-auth/v1/authorize?app_name=Postventa&scope=read_write&user_id=state-1"
        "&return_url=https%3A%2F%2Fus.example%2Fback&callback_url=https%3A%2F%2Fus.example%2Fkeys%2F1"
    )


def test_keys_that_arrive_are_read_and_anything_else_is_none() -> None:
    body = {
        "key_id": 2,
        "user_id": "state-1",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_1",
        "key_permissions": "x",
    }
    approval = WooCommerce.read_approval(json.dumps(body).encode())
    assert (approval.state, approval.credentials) == ("state-1", {"consumer_key": "ck_1", "consumer_secret": "cs_1"})
    for changes in ({"consumer_key": ""}, {"consumer_secret": None}, {"user_id": ""}, {"consumer_key": "c" * 201}):
        with pytest.raises(BadPayload):
            WooCommerce.read_approval(json.dumps(body | changes).encode())
    for spoilt in (b"", b"[]", b"consumer_key=ck_1", b"\xff"):
        with pytest.raises(BadPayload):
            WooCommerce.read_approval(spoilt)


def test_orders_are_counted_by_status_and_only_young_ones(mia: WooCommerceStore) -> None:
    for status in ("completed", "completed", "processing"):
        mia.add_order(status=status)
    old = mia.add_order(status="completed")["id"]
    mia.shop.orders[old]["date_created_gmt"] = "2025-01-01T00:00:00"
    counts = connected(mia.url).orders_by_status(NOW.replace(day=1))
    assert {status: n for status, n in counts.items() if n} == {"completed": 2, "processing": 1}
    assert counts["delivered"] == 0
    assert "checkout-draft" not in counts


def test_a_knock_leaves_nothing_behind(mia: WooCommerceStore) -> None:
    with RawServer(answer(b"")) as receiver:
        assert connected(mia.url).knock(receiver.url, "whs") is True
        [ping] = receiver.requests
    assert b"webhook_id=" in ping
    assert mia.hooks.all() == []
