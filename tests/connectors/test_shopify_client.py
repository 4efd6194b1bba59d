"""The Admin API's tokens and its three layers of errors, against a store that answers for real."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Response

from connectors.http import Http, HttpLimits
from connectors.payload import Payload
from connectors.stores.shopify.answers import read
from connectors.stores.shopify.connector import Shopify
from integration.demo.stores.shopify import ShopifyStore
from integration.domain.errors import Ambiguous, BadPayload, Permanent, Refused, SinkError, Temporary
from tests.conftest import StandingClock

HTTP = Http(HttpLimits(allow_private_hosts=True))


@pytest.fixture
def store(clock: StandingClock) -> Iterator[ShopifyStore]:
    running = ShopifyStore(now=clock, token="shpat_pasted")
    yield running
    running.stop()


@pytest.fixture
def base(store: ShopifyStore) -> str:
    return store.start()


def connect(base: str, state: dict[str, str] | None = None, **credentials: str) -> Shopify:
    known = {"client_id": "mias-app", "client_secret": "mias-secret", "api_base": base, **credentials}
    return Shopify("mia.myshopify.com", known, HTTP, state)


def refusal(shop: Shopify) -> SinkError:
    with pytest.raises(SinkError) as caught:
        shop.describe()
    return caught.value


# -- tokens -----------------------------------------------------------------------------------------


def test_one_token_serves_all_calls_of_a_day(store: ShopifyStore, base: str) -> None:
    state: dict[str, str] = {}
    for _ in range(3):
        assert connect(base, state).describe().name == "Mia"
    assert store.asked == ["token", "Shop", "Shop", "Shop"]


@pytest.mark.parametrize(("lasts", "asks"), [(59, 2), (61, 1)])
def test_a_token_is_renewed_a_minute_early(
    store: ShopifyStore, base: str, lasts: int, asks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.stores.shopify.tokens.time.monotonic", lambda: 1000.0)
    state: dict[str, str] = {}
    shop = connect(base, state)
    shop.describe()
    assert state["token_ends"] == str(1000.0 + 86399)
    state["token_ends"] = str(1000.0 + lasts)
    shop.describe()
    assert store.asked.count("token") == asks


def test_a_refused_token_is_renewed_once(store: ShopifyStore, base: str) -> None:
    shop = connect(base)
    shop.describe()
    store.expire_tokens()
    shop.describe()
    assert store.asked == ["token", "Shop", "token", "Shop"]


def test_a_second_refusal_is_final(store: ShopifyStore, base: str) -> None:
    shop = connect(base)
    shop.describe()
    store.answers.extend([Response("{}", 401), token_answer("shpat_nobody"), Response("{}", 401)])
    error = refusal(shop)
    assert isinstance(error, Refused)
    assert not store.answers


def token_answer(token: str) -> Response:
    return Response(f'{{"access_token": "{token}", "scope": "", "expires_in": 86399}}', mimetype="application/json")


def test_a_pasted_token_is_used_as_it_is(store: ShopifyStore, base: str) -> None:
    shop = connect(base, token="shpat_pasted")
    assert shop.describe().currency == "EUR"
    assert store.asked == ["Shop"]


def test_a_pasted_token_that_is_refused_cannot_be_renewed(store: ShopifyStore, base: str) -> None:
    assert isinstance(refusal(connect(base, token="shpat_old")), Refused)
    assert store.asked == []


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda store: setattr(store, "client_secret", "another"), "invalid_client"),
        (lambda store: setattr(store, "permits_exchange", False), "shop_not_permitted"),
        (lambda store: store.answers.append(Response("<h1>Oauth error invalid_client</h1>", 400)), "invalid_client"),
        (lambda store: store.answers.append(Response("<h1>Shop is frozen</h1>", 402)), "shop_frozen"),
        (lambda store: store.answers.append(Response("forbidden", 403)), "access_refused"),
    ],
)
def test_a_refused_exchange_says_why(store: ShopifyStore, base: str, prepare: Any, code: str) -> None:
    prepare(store)
    error = refusal(connect(base))
    assert (type(error), error.code) == (Refused, code)
    assert "mias-secret" not in str(error)


def test_a_token_endpoint_that_gives_none_is_bad(store: ShopifyStore, base: str) -> None:
    store.answers.append(Response("{}"))
    assert isinstance(refusal(connect(base)), BadPayload)


@pytest.mark.parametrize(
    "address", ["", "mia.example.com", "eve.example/mia.myshopify.com", "https://mia.myshopify.com"]
)
def test_an_address_that_is_no_shopify_domain_is_refused_before_any_call(address: str) -> None:
    shop = Shopify(address, {"client_id": "i", "client_secret": "s"}, HTTP)
    error = refusal(shop)
    assert (type(error), error.code) == (Permanent, "bad_shop_domain")


def test_the_domain_may_be_in_capitals() -> None:
    assert Shopify("Mia.MyShopify.com", {}, HTTP).domain == "mia.myshopify.com"


# -- first layer: HTTP ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (402, Refused, "shop_frozen"),
        (403, Refused, "access_refused"),
        (404, Permanent, "shop_not_found"),
        (423, Refused, "shop_locked"),
        (301, Permanent, "redirected"),
        (429, Temporary, "store_busy"),
        (502, Temporary, "store_busy"),
    ],
)
def test_a_status_says_what_became_of_the_shop(
    store: ShopifyStore, base: str, status: int, kind: type[SinkError], code: str
) -> None:
    shop = connect(base)
    shop.describe()
    store.answers.append(Response("{}", status))
    error = refusal(shop)
    assert (type(error), error.code) == (kind, code)


def test_retry_after_may_be_a_fraction(store: ShopifyStore, base: str) -> None:
    store.answers.append(Response("", 429, {"Retry-After": "2.0"}))
    error = refusal(connect(base))
    assert isinstance(error, Temporary)
    assert error.retry_after == timedelta(seconds=2)


@pytest.mark.parametrize("body", ["<html>maintenance</html>", "", "[]", "7", '{"data": []}', "{}", '{"data": null}'])
def test_an_answer_that_is_none_is_bad(store: ShopifyStore, base: str, body: str) -> None:
    shop = connect(base)
    shop.describe()
    store.answers.append(Response(body))
    assert isinstance(refusal(shop), BadPayload)


def test_no_answer_is_temporary_because_every_document_may_be_sent_twice(
    store: ShopifyStore, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise Ambiguous("no_answer")

    shop = connect(base)
    monkeypatch.setattr(shop.http, "request", lost)
    error = refusal(shop)
    assert (type(error), error.code) == (Temporary, "no_answer")


# -- second layer: `errors` ---------------------------------------------------------------------------


def test_a_throttled_query_says_how_long_to_wait(store: ShopifyStore, base: str, clock: StandingClock) -> None:
    shop = connect(base)
    shop.describe()
    store.bucket.available = 0
    error = refusal(shop)
    assert isinstance(error, Temporary)
    assert error.code == "throttled"
    assert error.retry_after == timedelta(seconds=1)
    clock.advance(seconds=error.retry_after.total_seconds())
    assert shop.describe().name == "Mia"


def throttled(asked: object, held: object, rate: object) -> dict[str, Any]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": held, "restoreRate": rate}
    cost = {"requestedQueryCost": asked, "actualQueryCost": None, "throttleStatus": status}
    return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}


@pytest.mark.parametrize(
    ("figures", "seconds"),
    [((752, 2, 100), 8), ((752, 700, 100), 1), ((2, 10, 100), 1), ((10**9, 0, 1), 3600)],
)
def test_the_wait_is_what_the_bucket_lacks(figures: tuple[int, int, int], seconds: int) -> None:
    with pytest.raises(Temporary) as caught:
        read(Payload(throttled(*figures)))
    assert caught.value.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize("figures", [(None, 2, 100), (752, None, 100), (752, 2, 0), (752, 2, "fast")])
def test_a_throttle_without_figures_is_waited_out_as_usual(figures: tuple[object, object, object]) -> None:
    with pytest.raises(Temporary) as caught:
        read(Payload(throttled(*figures)))
    assert caught.value.retry_after is None


def answer(code: str, data: object) -> Payload:
    return Payload({"errors": [{"message": "No.", "extensions": {"code": code}, "path": ["order"]}], "data": data})


@pytest.mark.parametrize(
    ("code", "data", "kind", "expected"),
    [
        ("ACCESS_DENIED", None, Refused, "access_denied"),
        ("ACCESS_DENIED", {"order": None}, Refused, "access_denied"),
        ("SHOP_INACTIVE", None, Refused, "shop_inactive"),
        ("INTERNAL_SERVER_ERROR", {"order": {}}, Temporary, "store_busy"),
        ("TIMEOUT", None, Temporary, "store_busy"),
        ("MAX_COST_EXCEEDED", None, Permanent, "query_refused"),
        ("undefinedField", None, Permanent, "query_refused"),
        ("", {"order": None}, Permanent, "query_refused"),
    ],
)
def test_an_error_that_hides_the_answer_raises(code: str, data: object, kind: type[SinkError], expected: str) -> None:
    with pytest.raises(SinkError) as caught:
        read(answer(code, data))
    assert (type(caught.value), caught.value.code) == (kind, expected)


def test_an_error_beside_the_answer_leaves_the_answer() -> None:
    assert (
        read(answer("ACCESS_DENIED", {"order": {"name": "#1001", "email": None}})).at("order").text("name") == "#1001"
    )


def test_nothing_found_is_no_error() -> None:
    assert not read(Payload({"data": {"order": None}})).at("order")


def test_an_order_that_we_may_not_read_is_not_an_order_that_is_gone(store: ShopifyStore, base: str) -> None:
    order = store.add_order()
    store.shop.scopes -= {"read_orders", "write_orders"}
    with pytest.raises(Refused, match="access_denied"):
        connect(base).fetch_order(str(order["id"]))


def test_errors_that_are_a_text_are_bad() -> None:
    with pytest.raises(BadPayload, match="errors"):
        read(Payload({"errors": "Not Found"}))
