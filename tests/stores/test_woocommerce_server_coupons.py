"""Coupons of the WooCommerce server, against what a real 10.5.0 store was seen to do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integration.demo.stores.woocommerce import WooCommerceStore
from tests.connectors.woocommerce_captures import capture
from tests.stores.woocommerce_calls import call, made, refusal


def test_a_coupon_has_the_keys_of_a_real_one(woocommerce: WooCommerceStore) -> None:
    real = json.loads(capture("coupon.created__plain")[1])
    assert set(real) - set(made(woocommerce)) == {"_links"}


@pytest.mark.parametrize(
    ("written", "local", "gmt"),
    [
        ("2027-01-31T12:00:00", "2027-01-31T12:00:00", "2027-01-31T11:00:00"),
        ("2027-01-31T12:00:00Z", "2027-01-31T13:00:00", "2027-01-31T12:00:00"),
        ("2027-01-31T12:00:00+05:00", "2027-01-31T08:00:00", "2027-01-31T07:00:00"),
        ("2027-01-31", "2027-01-31T00:00:00", "2027-01-30T23:00:00"),
        ("rubbish", "1970-01-01T00:00:00", "1969-12-31T23:00:00"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_an_expiry_is_read_as_the_store_does(woocommerce: WooCommerceStore, written: Any, local: Any, gmt: Any) -> None:
    coupon = made(woocommerce, date_expires=written)
    assert (coupon["date_expires"], coupon["date_expires_gmt"]) == (local, gmt)


def test_an_expiry_in_utc_only_is_ignored_and_a_number_is_refused(woocommerce: WooCommerceStore) -> None:
    assert made(woocommerce, date_expires_gmt="2027-01-31T12:00:00")["date_expires_gmt"] is None
    asked = {"code": "b", "date_expires": 1801000000}
    assert refusal(woocommerce, "POST", "coupons", asked) == (400, "rest_invalid_param")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (["a@b.dk", "bad"], ["a@b.dk"]),
        (["bad"], []),
        ("a@b.dk,c@d.dk", ["a@b.dk", "c@d.dk"]),
        (["*@b.dk"], ["*@b.dk"]),
        (["æøå@b.dk"], []),
        (["a+b@c.dk"], ["a+b@c.dk"]),
        (["A@B.DK"], ["a@b.dk"]),
    ],
)
def test_an_address_the_store_cannot_read_is_dropped_silently(
    woocommerce: WooCommerceStore, written: Any, kept: Any
) -> None:
    assert made(woocommerce, email_restrictions=written)["email_restrictions"] == kept


@pytest.mark.parametrize(("written", "kept"), [("5,50", "550.00"), (5, "5.00"), ("5", "5.00"), ("12.5", "12.50")])
def test_amounts_are_guessed(woocommerce: WooCommerceStore, written: Any, kept: str) -> None:
    assert made(woocommerce, amount=written)["amount"] == kept


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"amount": "5"}, "rest_missing_callback_param"),
        ({"code": "neg", "amount": "-5"}, "coupon_invalid_amount"),
        ({"code": "much", "amount": "150", "discount_type": "percent"}, "coupon_invalid_amount"),
        ({"code": "type", "discount_type": "bogus"}, "rest_invalid_param"),
    ],
)
def test_little_is_refused(woocommerce: WooCommerceStore, asked: Any, code: str) -> None:
    assert refusal(woocommerce, "POST", "coupons", asked) == (400, code)
    assert woocommerce.coupons() == []


def test_a_code_is_lowered_filtered_and_may_be_long(woocommerce: WooCommerceStore) -> None:
    assert made(woocommerce, code="SP ace &<b>-1")["code"] == "sp ace &amp;-1"
    assert made(woocommerce, code="x" * 311)["code"] == "x" * 311


def test_a_code_exists_once_whoever_asks_at_once(woocommerce: WooCommerceStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: call(woocommerce, "POST", "coupons", {"code": "Sorry"})[:2], range(4)))
    assert sorted(status for status, _ in said) == [201, 400, 400, 400]
    assert {body["code"] for status, body in said if status == 400} == {"woocommerce_rest_coupon_code_already_exists"}
    assert [coupon["code"] for coupon in call(woocommerce, "GET", "coupons", code="SORRY")[1]] == ["sorry"]


def test_a_code_is_free_again_once_it_is_in_the_trash_or_gone(woocommerce: WooCommerceStore) -> None:
    first = made(woocommerce)["id"]
    assert call(woocommerce, "DELETE", f"coupons/{first}")[0] == 200
    second = made(woocommerce)["id"]
    assert call(woocommerce, "DELETE", f"coupons/{second}", force="true")[0] == 200
    assert refusal(woocommerce, "GET", f"coupons/{second}") == (404, "woocommerce_rest_shop_coupon_invalid_id")
    assert woocommerce.coupons() == []


def test_a_coupon_can_be_withdrawn_as_a_draft(woocommerce: WooCommerceStore) -> None:
    coupon_id = made(woocommerce)["id"]
    assert call(woocommerce, "PUT", f"coupons/{coupon_id}", {"status": "draft"})[1]["status"] == "draft"
    assert call(woocommerce, "GET", "coupons", code="sorry")[1] == []


def test_all_are_told_however_many_there_are(woocommerce: WooCommerceStore) -> None:
    for number in range(101):
        made(woocommerce, code=f"sorry{number}")
    assert len({coupon["code"] for coupon in woocommerce.coupons()}) == 101
