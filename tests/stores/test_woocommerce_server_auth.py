"""`wc-auth` of the WooCommerce server: what a real 10.5.0 store was seen to do, and to refuse."""

from __future__ import annotations

import html
import http.client
import json
import re
import ssl
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from integration.demo.stores.woocommerce import WooCommerceStore
from tests.connectors.raw_server import RawServer, answer
from tests.flows.fronts import certificate_for
from tests.stores.woocommerce_calls import basic, call, refusal

OK = answer(b"")
BACK = "https://mia.example/back?a=b"


class Browser:
    """Follows nothing by itself and keeps cookies."""

    def __init__(self, store: WooCommerceStore) -> None:
        self.store, self.cookie = store, ""

    def go(self, path: str, **form: str) -> tuple[int, str, str]:
        line = http.client.HTTPConnection(urlsplit(self.store.url).netloc, timeout=5)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
        got = line.getresponse()
        self.cookie = (got.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        found = (got.status, got.read().decode(), got.getheader("Location") or "")
        line.close()
        return found

    def log_in(self, asked: dict[str, str], name: str = "mia") -> tuple[int, str, str]:
        status, page, _ = self.go(f"/wc-auth/v1/authorize?{urlencode(asked)}")
        assert (status, 'name="pwd"' in page) == (200, True)
        _, _, place = self.go(link(page, "action"), log=name, pwd=name)
        return self.go(place)


def link(page: str, name: str, kind: str = "") -> str:
    found = re.search(rf'{kind}"? ?{name}="([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def asked(callback: str, **more: str) -> dict[str, str]:
    return {"app_name": "Postventa", "user_id": "state-1", "scope": "read_write", "return_url": BACK,
            "callback_url": callback} | more  # fmt: skip


@pytest.fixture
def tls(tmp_path: Path, woocommerce: WooCommerceStore) -> ssl.SSLContext:
    """A receiver's certificate, whose authority the shop trusts."""
    pem = certificate_for(tmp_path, "127.0.0.1")
    woocommerce.approvals.ca_file = str(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_a_person_approves_and_the_keys_arrive_before_she_comes_back(
    woocommerce: WooCommerceStore, tls: ssl.SSLContext
) -> None:
    mia = Browser(woocommerce)
    with RawServer(OK, tls=tls) as receiver:
        _, page, _ = mia.log_in(asked(f"https://127.0.0.1:{receiver.port}/keys/1?x=y"))
        assert "read_write" in page
        assert f"share credentials with 127.0.0.1:{receiver.port}" in page
        assert receiver.requests == []
        status, _, place = mia.go(link(page, "href", "wc-auth-approve"))
        [sent] = receiver.requests
    assert (status, place) == (302, f"{BACK}&success=1&user_id=state-1")
    head, _, body = sent.partition(b"\r\n\r\n")
    told = json.loads(body)
    assert head.startswith(b"POST /keys/1?x=y HTTP/1.1")
    assert b"User-Agent: WordPress/6.8.7; http://127.0.0.1" in head
    assert (told["user_id"], told["key_permissions"]) == ("state-1", "read_write")
    auth = basic(told["consumer_key"], told["consumer_secret"])
    assert call(woocommerce, "GET", "orders", auth=auth)[0] == 200


def test_whoever_denies_sends_nothing(woocommerce: WooCommerceStore) -> None:
    with RawServer(OK) as receiver:
        _, page, _ = Browser(woocommerce).log_in(asked(receiver.url.replace("http:", "https:")))
        assert link(page, "href", "wc-auth-deny") == f"{BACK}&success=0&user_id=state-1"
        assert receiver.requests == []


@pytest.mark.parametrize("said", ["204 No Content", "500 Oops", "404 Not Found", "302 Found"])
def test_an_answer_that_is_not_exactly_200_takes_the_keys_back(
    woocommerce: WooCommerceStore, tls: ssl.SSLContext, said: str
) -> None:
    mia = Browser(woocommerce)
    with RawServer(answer(b"", said), tls=tls) as receiver:
        _, page, _ = mia.log_in(asked(f"https://127.0.0.1:{receiver.port}/"))
        status, page, _ = mia.go(link(page, "href", "wc-auth-approve"))
        assert len(receiver.requests) == 1
    assert (status, "Access denied" in page) == (401, True)
    assert woocommerce.shop.granted == {}


def test_a_chain_that_the_shop_does_not_trust_ends_as_access_denied(
    woocommerce: WooCommerceStore, tls: ssl.SSLContext
) -> None:
    woocommerce.approvals.ca_file = None
    mia = Browser(woocommerce)
    with RawServer(OK, tls=tls) as receiver:
        _, page, _ = mia.log_in(asked(f"https://127.0.0.1:{receiver.port}/"))
        assert mia.go(link(page, "href", "wc-auth-approve"))[0] == 401
    assert woocommerce.shop.granted == {}


@pytest.mark.parametrize(
    "wrong", [{"callback_url": "http://mia.example/"}, {"app_name": ""}, {"scope": "all"}, {"return_url": ""}]
)
def test_what_is_asked_wrongly_is_denied_at_once(woocommerce: WooCommerceStore, wrong: dict[str, str]) -> None:
    status, page, _ = Browser(woocommerce).go(f"/wc-auth/v1/authorize?{urlencode(asked('https://x.example', **wrong))}")
    assert (status, "Access denied" in page) == (401, True)


def test_only_who_manages_the_shop_may_approve(woocommerce: WooCommerceStore) -> None:
    assert Browser(woocommerce).log_in(asked("https://x.example"), "sam")[0] == 401
    wrong = Browser(woocommerce).go(f"/wc-auth/v1/login?{urlencode(asked('https://x.example'))}", log="mia", pwd="x")
    assert wrong[0] == 401


def test_an_approval_made_up_elsewhere_is_none(woocommerce: WooCommerceStore) -> None:
    mia = Browser(woocommerce)
    mia.log_in(asked("https://x.example"))
    granted = f"/wc-auth/v1/access_granted?{urlencode(asked('https://x.example'))}&wc_auth_nonce=x"
    assert mia.go(granted)[0] == 401
    assert woocommerce.shop.granted == {}


def test_with_plain_permalinks_only_the_query_leads_anywhere(woocommerce: WooCommerceStore) -> None:
    woocommerce.plain_permalinks = True
    mia = Browser(woocommerce)
    query = urlencode(asked("https://x.example"))
    assert "Tienda de Mia" in mia.go(f"/wc-auth/v1/authorize?{query}")[1]
    assert 'name="pwd"' in mia.go(f"/?wc-auth-version=1&wc-auth-route=authorize&{query}")[1]
    assert "Tienda de Mia</h1>" in mia.go("/wp-json/")[1]
    assert "namespaces" in mia.go("/?rest_route=/")[1]
    assert "namespaces" in mia.go("/index.php/wp-json/")[1]
    assert "Tienda de Mia</h1>" in mia.go("/?rest_route=/wc/v3/orders")[1]


def test_keys_of_somebody_who_manages_nothing_any_more_open_nothing(woocommerce: WooCommerceStore) -> None:
    woocommerce.shop.manages = False
    assert refusal(woocommerce, "GET", "orders") == (403, "woocommerce_rest_cannot_view")


def test_a_key_that_may_only_read_writes_nothing(woocommerce: WooCommerceStore) -> None:
    _, key, secret = woocommerce.shop.grant("read")
    auth = basic(key, secret)
    assert call(woocommerce, "GET", "orders", auth=auth)[0] == 200
    assert refusal(woocommerce, "POST", "coupons", {}, auth=auth) == (401, "woocommerce_rest_authentication_error")
    woocommerce.shop.revoke(key)
    assert refusal(woocommerce, "GET", "orders", auth=auth) == (401, "woocommerce_rest_cannot_view")
