"""Calls to a WooCommerce shop: keys that get lost on the way, coupons that fail open, addresses, checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Http, HttpLimits
from connectors.stores.woocommerce.client import shop_url
from connectors.stores.woocommerce.connector import WooCommerce
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.demo.stores.woocommerce_fields import WpError
from integration.domain.errors import BadPayload, Permanent, Refused, SinkError, Temporary
from tests.connectors.conftest import LIMITS
from tests.connectors.harness_woocommerce import SAM, WooCommerceHarness
from tests.connectors.raw_server import RawServer, answer

KEYS = {"consumer_key": "ck_canary", "consumer_secret": "cs_canary"}


@pytest.fixture
def mia(tmp_path: Path) -> Iterator[WooCommerceStore]:
    """Mia's store."""
    harness = WooCommerceHarness(tmp_path)
    harness.start()
    yield harness.store
    harness.stop()


def connected(mia: WooCommerceStore, **changes: Any) -> WooCommerce:
    return WooCommerce(mia.url, {**KEYS, **changes}, Http(LIMITS))


def told(said: bytes) -> SinkError:
    """What a shop that always says this becomes."""
    with RawServer(said) as server, pytest.raises(SinkError) as caught:
        WooCommerce(server.url, KEYS, Http(LIMITS)).fetch_order("1")
    return caught.value


# -- keys and addresses ---------------------------------------------------------------------------


def test_a_host_that_eats_the_header_gets_the_keys_in_the_query_and_that_is_remembered(mia: WooCommerceStore) -> None:
    mia.strips_authorization = True
    shop = connected(mia)
    ref = str(mia.add_order()["id"])
    assert shop.fetch_order(ref)
    assert len(mia.requests) == 2
    assert shop.fetch_order(ref)
    assert len(mia.requests) == 3
    again = WooCommerce(mia.url, KEYS, Http(LIMITS), shop.state)
    assert again.fetch_order(ref)
    assert len(mia.requests) == 4


def test_a_code_is_made_once_though_the_first_try_was_taken_for_a_strangers(mia: WooCommerceStore) -> None:
    mia.strips_authorization = True
    assert connected(mia).create_discount(SAM).bound
    assert len(mia.coupons()) == 1


def test_wrong_keys_are_refused_and_never_remembered_as_query_keys(mia: WooCommerceStore) -> None:
    for changes, calls in (({"consumer_secret": "cs_other"}, 1), ({"consumer_key": "ck_other"}, 2)):
        mia.requests.clear()
        shop = connected(mia, **changes)
        with pytest.raises(Refused, match="access_refused"):
            shop.fetch_order("1")
        assert (len(mia.requests), shop.state) == (calls, {})


@pytest.mark.parametrize(
    ("typed", "root"),
    [
        ("https://shop.example/", "https://shop.example"),
        (" shop.example ", "https://shop.example"),
        ("https://shop.example/tienda/", "https://shop.example/tienda"),
    ],
)
def test_an_address_is_taken_as_people_type_it(typed: str, root: str) -> None:
    assert shop_url(typed) == root


def test_keys_never_go_out_over_plain_http() -> None:
    with pytest.raises(Permanent, match="bad_url"):
        WooCommerce("http://shop.example", KEYS, Http(HttpLimits())).fetch_order("1")


def test_a_redirect_says_where_to() -> None:
    error = told(answer(b"", "301 Moved", location="https://www.shop.example/wp-json/?x=cs_canary"))
    assert (error.code, error.params["to"]) == ("redirected", "https://www.shop.example/wp-json/")


def test_an_error_body_passes_only_words_of_wordpress() -> None:
    for code, said in (("rest_no_route", "rest_no_route"), ("cs_canary", ""), ("rest_<b>", ""), (7, "")):
        error = told(answer(json.dumps({"code": code, "message": "cs_canary"}).encode(), "400 Bad"))
        assert (error.code, error.params["said"]) == ("not_accepted", said)


def test_a_page_instead_of_the_api_names_its_kind() -> None:
    error = told(answer(b"<html>", content_type="text/html; charset=UTF-8"))
    assert isinstance(error, BadPayload)
    assert error.params == {"content_type": "text/html"}


def test_a_ref_stays_below_its_path(mia: WooCommerceStore) -> None:
    for ref in ("../coupons", "1/../../webhooks", "1?status=any", "1#x"):
        with pytest.raises((Permanent, BadPayload)):
            connected(mia).fetch_order(ref)
        with pytest.raises((Permanent, BadPayload)):
            connected(mia).revoke_discount(ref)
    assert {request.split("/wp-json/wc/v3/")[1].split("/")[0] for request in mia.requests} == {"orders", "coupons"}
    assert not any(request.startswith("DELETE /wp-json/wc/v3/coupons/1 ") for request in mia.requests)


# -- coupons --------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["", "*@example.com", "sam@example.com,eve@example.com", "sam"])
def test_an_address_that_would_bind_everybody_or_nobody_is_not_even_tried(mia: WooCommerceStore, email: str) -> None:
    with pytest.raises(Permanent, match="discount_not_bound"):
        connected(mia).create_discount(replace(SAM, email=email))
    assert mia.requests == []


def test_an_address_that_the_store_changes_is_not_bound(mia: WooCommerceStore) -> None:
    with pytest.raises(Permanent, match="discount_not_bound"):
        connected(mia).create_discount(replace(SAM, email="josé@example.com"))  # kept as jos@example.com
    assert mia.coupons() == []


def test_somebody_elses_coupon_with_our_code_differs_and_stays(mia: WooCommerceStore) -> None:
    theirs = mia.shop.create_coupon({"code": SAM.code, "amount": "90", "discount_type": "percent"})
    with pytest.raises(Permanent, match="discount_differs"):
        connected(mia).create_discount(SAM)
    assert [coupon["id"] for coupon in mia.coupons()] == [theirs["id"]]


def test_the_same_limits_for_another_case_are_another_code(mia: WooCommerceStore) -> None:
    connected(mia).create_discount(SAM)
    with pytest.raises(Permanent, match="discount_differs") as caught:
        connected(mia).create_discount(replace(SAM, reference="complaint_other"))
    assert caught.value.params["fields"] == "meta_data"
    assert len(mia.coupons()) == 1


@pytest.mark.parametrize("said", [b'{"id":7,"code":"pv-k7q2xw9d4rt"}', b"[]", b"{}"])
def test_only_201_with_an_id_made_something(said: bytes) -> None:
    with RawServer(answer(said)) as server, pytest.raises(BadPayload, match="not_made"):
        WooCommerce(server.url, KEYS, Http(LIMITS)).create_discount(SAM)


@pytest.mark.parametrize("amount", [None, "rubbish", "1000"])
def test_an_amount_that_is_not_the_one_asked_for_is_not_proof(
    mia: WooCommerceStore, monkeypatch: pytest.MonkeyPatch, amount: str | None
) -> None:
    make = mia.shop.create_coupon
    monkeypatch.setattr(mia.shop, "create_coupon", lambda asked: {**make(asked), "amount": amount})
    with pytest.raises(Permanent, match=r"discount_differs.*amount"):
        connected(mia).create_discount(SAM)
    assert mia.coupons() == []


def test_a_coupon_for_everybody_that_could_not_be_deleted_is_deleted_at_the_next_try(
    mia: WooCommerceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(coupon_id: int, force: bool) -> dict[str, Any]:
        raise WpError(500, "internal_server_error", "…")

    with monkeypatch.context() as broken:
        broken.setattr(mia.shop, "delete_coupon", busy)
        with pytest.raises(Temporary, match="store_busy"):
            connected(mia).create_discount(replace(SAM, email="æøå@example.com"))
    assert mia.coupons()[0]["email_restrictions"] == []
    with pytest.raises(Permanent, match="discount_not_bound"):
        connected(mia).create_discount(replace(SAM, email="æøå@example.com"))
    assert mia.coupons() == []


def test_a_coupon_that_the_store_made_otherwise_is_deleted(
    mia: WooCommerceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = mia.shop.create_coupon
    monkeypatch.setattr(mia.shop, "create_coupon", lambda asked: make({**asked, "date_expires": "", "usage_limit": 0}))
    with pytest.raises(Permanent, match="discount_differs") as caught:
        connected(mia).create_discount(SAM)
    assert caught.value.params["fields"] == "usage_limit, date_expires"
    assert mia.coupons() == []


def test_a_coupon_that_the_owner_withdrew_is_no_success(mia: WooCommerceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    make = mia.shop.create_coupon
    monkeypatch.setattr(mia.shop, "create_coupon", lambda asked: make({**asked, "status": "pending"}))
    with pytest.raises(Permanent, match="discount_differs"):
        connected(mia).create_discount(SAM)


def test_a_used_coupon_says_so(mia: WooCommerceStore) -> None:
    connected(mia).create_discount(SAM)
    (coupon,) = mia.shop.coupons.values()
    coupon |= {"usage_count": 1, "used_by": ["sam@example.com"]}
    found = connected(mia).find_discount(SAM.code)
    assert found
    assert (found.used, found.bound) == (1, True)


def test_what_goes_out_has_points_and_a_z_and_our_reference(mia: WooCommerceStore) -> None:
    connected(mia).create_discount(replace(SAM, kind="fixed", value=Decimal("5.5")))
    (coupon,) = mia.coupons()
    assert (coupon["code"], coupon["amount"], coupon["discount_type"]) == ("pv-k7q2xw9d4rt", "5.50", "fixed_cart")
    assert (coupon["date_expires_gmt"], coupon["individual_use"]) == ("2027-01-20T12:00:00", True)
    assert (coupon["usage_limit_per_user"], coupon["description"]) == (1, "Postventa R-7K3QXM")
    assert [(meta["key"], meta["value"]) for meta in coupon["meta_data"]] == [
        ("_postventa_reference", "complaint_7k3qxm")
    ]


def test_a_lost_delete_of_a_coupon_is_worth_another_try(mia: WooCommerceStore) -> None:
    with RawServer(b"") as silent, pytest.raises(Temporary, match="no_answer"):
        WooCommerce(silent.url, KEYS, Http(LIMITS)).revoke_discount("7")


# -- the shop -------------------------------------------------------------------------------------


def test_the_shop_tells_its_currency_zone_language_and_address(mia: WooCommerceStore) -> None:
    info = connected(mia).describe()
    assert (info.name, info.currency, info.zone, info.locale) == ("Tienda de Mia", "EUR", "Europe/Madrid", "es_ES")
    assert (info.address.region, info.address.country) == ("M", "ES")
    assert info.address.lines == ("Tienda de Mia", "Calle Mayor 1", "28013 Madrid")


def front(**said: Any) -> bytes:
    return answer(json.dumps({"name": "x", "namespaces": ["wp/v2"], **said}).encode())


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ({"timezone_string": "America/Santiago", "gmt_offset": -3}, "America/Santiago"),
        ({"timezone_string": "", "gmt_offset": -3}, "Etc/GMT+3"),
        ({"timezone_string": "", "gmt_offset": "2"}, "Etc/GMT-2"),
        ({"timezone_string": "", "gmt_offset": 0}, "Etc/UTC"),
        ({"timezone_string": "", "gmt_offset": 5.5}, ""),
        ({}, ""),
    ],
)
def test_a_bare_offset_is_a_zone_when_it_is_whole_hours(said: dict[str, Any], zone: str) -> None:
    with RawServer(front(**said)) as server:
        # The same answer serves every path: what is not there is empty, and the settings are no list.
        info = WooCommerce(server.url, KEYS, Http(LIMITS)).describe()
    assert (info.zone, info.currency, info.address.street) == (zone, "", "")


def test_the_topics_cover_every_status() -> None:
    shop = WooCommerce("https://shop.example", KEYS, Http(HttpLimits()))
    assert shop.webhook_topics() == ("order.updated", "order.deleted", "order.restored")
