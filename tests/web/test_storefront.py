"""The page on the shop's own domain: the shop's signature, the shop's name, and nothing that Liquid would run."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from connectors.stores.demo.connector import Demo
from connectors.stores.shopify.connector import Shopify
from integration.db.tables import Connection, Shop
from integration.domain.errors import BadSignature
from tests.conftest import StandingClock
from tests.flows.house import House

THEN = datetime.fromtimestamp(1317327555, UTC)
# Of Shopify's page on authenticating app proxies; its secret is "hush".
DOCUMENTED = (
    "extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=1&path_prefix=%2Fapps%2Fawesome_reviews"
    "&timestamp=1317327555&signature=4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb",
    "extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=&path_prefix=%2Fapps%2Fawesome_reviews"
    "&timestamp=1317327555&signature=e072b6d7e6622d85912a5214b860d3100dc1e73d9bc29f43796ac8c9ff8093cb",
)


def passed_on(house: House, secret: str = "", shop: str = "", **changes: str) -> str:
    """What Shopify adds to a visit, signed now."""
    [connection] = house.rows(Connection)
    domain = shop or house.rows(Shop)[0].address
    query = {"shop": domain, "logged_in_customer_id": "", "path_prefix": "/apps/postventa"}
    query |= {"timestamp": str(int(house.clock.now.timestamp()))} | changes
    message = "".join(sorted(f"{name}={value}" for name, value in query.items()))
    made = hmac.new((secret or house.secret).encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"/storefront/shopify/{connection.key}?{urlencode(query | {'signature': made})}"


Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path, clock: StandingClock) -> Iterator[Make]:
    made: list[House] = []

    def build(platform: str = "shopify", **policy: object) -> House:
        made.append(House(tmp_path, clock, platform, **({"storefront": True} | policy)))
        return made[-1]

    yield build
    for house in made:
        house.close()


def test_the_shop_shows_where_the_links_are_and_whom_to_ask(make: Make) -> None:
    house = make()
    answer = house.client.get(passed_on(house))
    assert answer.status_code == 200
    assert answer.content_type == "application/liquid; charset=utf-8"
    assert "¿Qué necesitas de tu pedido?" in answer.text
    assert house.rows(Shop)[0].name in answer.text
    assert "wa.me" in answer.text or "mailto:" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "default-src" not in answer.headers["Content-Security-Policy"]  # the theme around it has scripts and styles


def test_nothing_in_it_is_liquid(make: Make) -> None:
    house = make()
    with house.services.db.writing() as session:
        shop = house.shop(session)
        shop.name = "Mia {{ shop.metafields }} {% include 'x' %} <script>alert(1)</script>"
        session.add(shop)
    page = house.client.get(passed_on(house)).text
    assert "{" not in page
    assert "&#123;&#123; shop.metafields" in page
    assert "<script" not in page


def test_what_the_shop_did_not_sign_just_now_finds_nothing(make: Make) -> None:
    house = make()
    good = passed_on(house)
    stamp = int(house.clock.now.timestamp())
    tries = [
        good.partition("?")[0],
        good.replace("signature=", "signature=0"),
        good + "&shop=eve.myshopify.com",
        good + "&extra=1",
        passed_on(house, secret="eve"),
        passed_on(house, shop="eve.myshopify.com"),
        passed_on(house, timestamp=str(stamp - 91)),
        passed_on(house, timestamp=str(stamp + 91)),
        passed_on(house, timestamp="soon"),
        good.replace("/shopify/", "/woocommerce/"),
        good.replace("/shopify/", "/shopify/x"),
        good + "&x=" + "1" * 5000,
    ]
    assert [status(house.client.get(path)) for path in tries] == [404] * len(tries)
    house.clock.advance(seconds=91)
    assert house.client.get(good).status_code == 404


def status(answer: TestResponse) -> int:
    """Its status; none of them is a page for the shop's theme."""
    assert answer.mimetype == "text/html"
    return answer.status_code


def test_an_owner_who_shows_no_page_shows_none(make: Make) -> None:
    house = make(storefront=False)
    assert house.client.get(passed_on(house)).status_code == 404


@pytest.mark.parametrize("query", DOCUMENTED)
def test_the_documented_signatures_hold(query: str) -> None:
    assert Shopify.storefront(query, ["old", "hush"], THEN) == "shop-name.myshopify.com"


@given(st.text(max_size=300))
def test_no_query_of_a_stranger_breaks_or_passes(query: str) -> None:
    for platform in (Shopify, Demo):
        with pytest.raises(BadSignature):
            platform.storefront(query, ["hush"], THEN)
