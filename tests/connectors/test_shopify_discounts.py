"""Discount codes in a Shopify shop: one person, one use, made once, read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.http import Http, HttpLimits
from connectors.payload import Payload
from connectors.stores.shopify.connector import Shopify
from integration.demo.stores.shopify import ShopifyStore
from integration.domain.errors import Permanent, Temporary
from integration.domain.money import Money
from integration.domain.policy import ExtraKind
from integration.domain.tasks import DiscountRequest
from tests.conftest import StandingClock


@pytest.fixture
def store(clock: StandingClock) -> Iterator[ShopifyStore]:
    running = ShopifyStore(now=clock)
    yield running
    running.stop()


@pytest.fixture
def shop(store: ShopifyStore) -> Shopify:
    credentials = {"client_id": store.client_id, "client_secret": store.client_secret, "api_base": store.start()}
    return Shopify("mia.myshopify.com", credentials, Http(HttpLimits(allow_private_hosts=True)))


@pytest.fixture
def sam(store: ShopifyStore) -> str:
    """Sam's customer id, since she bought something."""
    return str(store.add_order()["customer"]["id"])


@pytest.fixture
def request_(sam: str, now: datetime) -> DiscountRequest:
    return DiscountRequest(
        code="PV-K7Q2XW9D4RT",
        title="Postventa R-7K3QXM",
        kind="percent",
        value=Decimal("12.5"),
        currency="EUR",
        email="sam@example.com",
        customer_ref=sam,
        starts_at=now.replace(microsecond=123),
        expires_at=now.replace(microsecond=456) + timedelta(days=60),
        min_subtotal=Money.of("20", "EUR"),
    )


def test_a_code_is_for_one_person_once_and_combines_with_nothing(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest, sam: str
) -> None:
    made = shop.create_discount(request_)
    (held,) = store.discounts()
    assert held == {
        "id": made.ref,
        "code": "PV-K7Q2XW9D4RT",
        "title": "Postventa R-7K3QXM",
        "kind": "percent",
        "value": "12.5",
        "customers": [f"gid://shopify/Customer/{sam}"],
        "usage_limit": 1,
        "once_per_customer": True,
        "starts_at": "2026-11-21T12:00:00+00:00",
        "ends_at": "2027-01-20T12:00:00+00:00",
        "min_subtotal": "20.00",
        "combines": False,
        "tags": ["postventa"],
        "used": 0,
    }
    assert (made.bound, made.usage_limit, made.used) == (True, 1, 0)
    assert made.expires_at == datetime.fromisoformat("2027-01-20T12:00:00+00:00")


@pytest.mark.parametrize(
    ("kind", "value", "held"), [("percent", "7", "7"), ("fixed", "5", "5.00"), ("free_shipping", "0", "")]
)
def test_each_kind_of_code_can_be_made_again_and_is_the_same(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest, kind: ExtraKind, value: str, held: str
) -> None:
    wish = replace(request_, kind=kind, value=Decimal(value))
    assert shop.create_discount(wish) == shop.create_discount(wish)
    (only,) = store.discounts()
    assert (only["kind"], only["value"]) == (kind, held)


def test_a_code_whose_answer_was_lost_is_found_by_the_next_try(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    shop.describe()
    store.loses_next_answer = True
    with pytest.raises(Temporary):
        shop.create_discount(request_)
    assert shop.create_discount(request_).bound
    assert len(store.discounts()) == 1


def test_a_guest_is_found_by_her_address_in_any_case(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest, sam: str
) -> None:
    shop.create_discount(replace(request_, customer_ref="", email="Sam@Example.com"))
    assert store.discounts()[0]["customers"] == [f"gid://shopify/Customer/{sam}"]


@pytest.mark.parametrize("email", ["", "nobody@example.com"])
def test_a_person_whom_the_store_does_not_know_gets_no_code(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest, email: str
) -> None:
    with pytest.raises(Permanent, match="discount_not_bound"):
        shop.create_discount(replace(request_, customer_ref="", email=email))
    assert store.discounts() == []


def test_a_customer_who_was_deleted_gets_no_code(store: ShopifyStore, shop: Shopify, request_: DiscountRequest) -> None:
    with pytest.raises(Permanent, match="discount_not_bound"):
        shop.create_discount(replace(request_, customer_ref="404"))
    assert store.discounts() == []


def test_an_address_that_the_store_matched_loosely_is_not_hers(
    shop: Shopify, request_: DiscountRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = {
        "customerByIdentifier": {"id": "gid://shopify/Customer/6", "defaultEmailAddress": {"emailAddress": "eve@x.y"}}
    }
    monkeypatch.setattr(shop.client, "run", lambda *_, **__: Payload(eve))
    with pytest.raises(Permanent, match="discount_not_bound"):
        shop.create_discount(replace(request_, customer_ref=""))


def test_a_code_that_the_store_left_open_to_everybody_is_deleted(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    store.codes.forgets_customers = True
    with pytest.raises(Permanent, match="discount_not_bound"):
        shop.create_discount(request_)
    assert store.discounts() == []


def test_an_open_code_of_ours_that_could_not_be_deleted_is_deleted_by_the_next_try(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    shop.describe()
    store.codes.forgets_customers = True
    store.loses_next_answer = True
    with pytest.raises(Temporary):
        shop.create_discount(request_)
    assert len(store.discounts()) == 1
    with pytest.raises(Permanent, match="discount_not_bound"):
        shop.create_discount(request_)
    assert store.discounts() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "Postventa R-OTHER"}, "title"),
        ({"value": Decimal(50)}, "value"),
        ({"kind": "fixed"}, "value"),
        ({"kind": "free_shipping"}, "value"),
        ({"min_subtotal": None}, "min_subtotal"),
        ({"min_subtotal": Money.of("21", "EUR")}, "min_subtotal"),
        ({"expires_at": datetime.fromisoformat("2027-02-01T00:00:00+00:00")}, "expires_at"),
    ],
)
def test_a_code_that_exists_with_other_limits_is_left_alone(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest, changes: dict[str, Any], field: str
) -> None:
    shop.create_discount(request_)
    with pytest.raises(Permanent) as caught:
        shop.create_discount(replace(request_, **changes))
    assert (caught.value.code, caught.value.params) == ("discount_differs", {"fields": field})
    assert len(store.discounts()) == 1


@pytest.mark.parametrize(
    ("edit", "field"),
    [({"usageLimit": None}, "usage_limit"), ({"combinesWith": {"shippingDiscounts": True}}, "combines")],
)
def test_a_code_that_the_merchant_made_more_generous_is_not_the_one_asked_for(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest, edit: dict[str, Any], field: str
) -> None:
    shop.create_discount(request_)
    store.codes.edit(request_.code, **edit)
    with pytest.raises(Permanent) as caught:
        shop.create_discount(request_)
    assert (caught.value.code, caught.value.params) == ("discount_differs", {"fields": field})


def test_a_code_of_the_merchant_that_has_our_name_is_left_alone(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    store.codes.create_basic(
        None,
        {
            "title": "Black Friday",
            "code": request_.code.lower(),
            "context": {"all": "ALL"},
            "startsAt": "2026-11-01T00:00:00Z",
            "customerGets": {"value": {"percentage": 0.5}, "items": {"all": True}},
        },
    )
    with pytest.raises(Permanent, match="discount_differs"):
        shop.create_discount(request_)
    assert [code["title"] for code in store.discounts()] == ["Black Friday"]


def test_an_amount_in_another_currency_than_the_shops_is_not_as_asked(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    with pytest.raises(Permanent, match="discount_differs"):
        shop.create_discount(replace(request_, kind="fixed", value=Decimal(5), currency="USD", min_subtotal=None))
    assert store.discounts() == []


def test_a_wish_that_the_store_refuses_says_what_is_wrong(shop: Shopify, request_: DiscountRequest) -> None:
    with pytest.raises(Permanent) as caught:
        shop.create_discount(replace(request_, expires_at=request_.starts_at))
    assert caught.value.code == "discount_refused"
    assert caught.value.params["reason"] == "END_DATE_BEFORE_START_DATE"


@pytest.mark.parametrize(
    ("errors", "kind", "code"),
    [
        ([{"code": "INTERNAL_ERROR", "field": None}], Temporary, "store_busy"),
        ([{"code": "TAKEN", "field": ["basicCodeDiscount", "code"]}], Permanent, "discount_refused"),
        ([{"code": None, "field": None}], Permanent, "discount_refused"),
    ],
)
def test_other_refusals_are_told_apart(
    shop: Shopify,
    request_: DiscountRequest,
    monkeypatch: pytest.MonkeyPatch,
    errors: list[dict[str, Any]],
    kind: type[Exception],
    code: str,
) -> None:
    said = Payload({"discountCodeBasicCreate": {"userErrors": errors}, "codeDiscountNodeByCode": None})
    monkeypatch.setattr(shop.client, "run", lambda *_, **__: said)
    with pytest.raises(kind, match=code):
        shop.create_discount(request_)


def test_a_code_is_found_in_any_case_with_its_uses(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    made = shop.create_discount(request_)
    store.add_order(discount_codes=[{"code": "PV-K7Q2XW9D4RT", "amount": "1.00", "type": "percentage"}])
    assert shop.find_discount("pv-k7q2xw9d4rt") == replace(made, used=1)
    assert shop.find_discount("PV-NOBODY") is None


def test_a_code_open_to_everybody_is_not_bound(store: ShopifyStore, shop: Shopify, request_: DiscountRequest) -> None:
    store.codes.forgets_customers = True
    store.codes.create_free_shipping(
        None, {"title": "Hello", "code": "HELLO", "context": {"all": "ALL"}, "startsAt": "2026-11-01T00:00:00Z"}
    )
    found = shop.find_discount("hello")
    assert found is not None
    assert (found.code, found.bound, found.expires_at, found.usage_limit) == ("HELLO", False, None, None)


def test_a_revoked_code_is_gone_and_revoking_it_again_is_no_error(
    store: ShopifyStore, shop: Shopify, request_: DiscountRequest
) -> None:
    made = shop.create_discount(request_)
    shop.revoke_discount(made.ref)
    assert store.discounts() == []
    shop.revoke_discount(made.ref)


def test_a_code_that_is_still_there_was_not_revoked(shop: Shopify, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = {"discountCodeDelete": {"userErrors": [{"code": "INVALID", "field": ["id"]}]}, "node": {"id": "gid"}}
    monkeypatch.setattr(shop.client, "run", lambda *_, **__: Payload(errors))
    with pytest.raises(Permanent, match="discount_refused"):
        shop.revoke_discount("gid")
