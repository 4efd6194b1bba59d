"""Calls to one shop's REST API v3: where it is, how it lets us in, and whether the answer is JSON at all."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.answers import judge
from connectors.base import Credentials
from connectors.http import Http, Response
from connectors.payload import Payload
from integration.domain.errors import BadPayload, Permanent, Refused, SinkError

_ERROR_CODE = re.compile(r"(woocommerce|rest|coupon)_[a-z_]{1,70}")
# What the store says to a stranger; a wrong secret or a read-only key is told apart (`…authentication_error`).
_STRANGER = re.compile(r"woocommerce_rest_cannot_[a-z]+")
BY_QUERY = "keys_by_query"
_BUSY = frozenset({401, 403, 408, 425, 429})


class Client:
    """`get`, `post` and `delete` below `/wp-json/wc/v3/`; `state` remembers how this shop takes its keys."""

    def __init__(self, address: str, credentials: Credentials, http: Http, state: dict[str, str]) -> None:
        self.root = shop_url(address)
        self._keys = (credentials.get("consumer_key", ""), credentials.get("consumer_secret", ""))
        self._http = http
        self._state = state
        if credentials.get(BY_QUERY):
            state[BY_QUERY] = "yes"

    @property
    def may_carry_keys(self) -> bool:
        """Over plain http the store ignores keys, and everybody reads them."""
        return self.root.startswith("https://") or self._http.limits.allow_private_hosts

    @property
    def takes_keys_in_query(self) -> bool:
        """Whether its host eats `Authorization`, so that the keys have to go in the query."""
        return BY_QUERY in self._state

    def get(self, path: str, **params: str) -> Payload:
        """The JSON at this path; raises like `judge`, and `BadPayload("not_json")` for a page."""
        return read(self.call("GET", path, params=params))

    def post(self, path: str, body: Mapping[str, Any]) -> Payload:
        """The thing that was made; only 201 with an id counts.

        Behind a redirect the POST of other clients became a GET, and a list with status 200 looked like success.
        """
        response = self.call("POST", path, json=body)
        made = read(response)
        if response.status != 201 or not made.at("id"):
            raise BadPayload("not_made", status=response.status)
        return made

    def delete(self, path: str) -> None:
        """Delete for good; that there is no such thing is as good."""
        response = self.call("DELETE", path, params={"force": "true"})
        if response.status != 404 or not error_code(response).startswith("woocommerce_rest_"):
            read(response)

    def front(self) -> Payload:
        """What the shop's API says of itself to anybody."""
        return read(self._http.request("GET", f"{self.root}/wp-json/"))

    def has_plain_permalinks(self) -> bool:
        """Whether the API is there, and only under an address that takes no keys (facts 1.10)."""
        try:
            told = read(self._http.request("GET", f"{self.root}/", params={"rest_route": "/"}))
            return bool(told.at("namespaces"))
        except SinkError:
            return False

    def tells_strangers(self, path: str) -> bool:
        """Whether this path, without keys and as a cache would know it, gives somebody what only we may read."""
        return self._http.request("GET", self._url(path)).status == 200

    def call(self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: Any = None) -> Response:
        """One call with our keys, and one more with the keys in the query when the first was taken for a stranger's.

        Some hosts strip `Authorization` before PHP sees it (WooCommerce issues 14918, 17271). A 401 did nothing,
        so the call may be made again. Only what worked is remembered: keys in a query end up in the host's logs.
        """
        by_query = BY_QUERY in self._state
        response = self._send(method, path, params or {}, json, by_query)
        if by_query or response.status != 401 or not _STRANGER.fullmatch(error_code(response)):
            return response
        again = self._send(method, path, params or {}, json, by_query=True)
        if again.status != 401:
            self._state[BY_QUERY] = "yes"
        return again

    def _send(self, method: str, path: str, params: Mapping[str, str], json: Any, by_query: bool) -> Response:
        key, secret = self._keys
        query = dict(params)
        if method == "GET":
            query["_"] = secrets.token_hex(4)  # some hosts cache what the API answers
        if by_query:
            query |= {"consumer_key": key, "consumer_secret": secret}
        return self._http.request(
            method, self._url(path), params=query, json=json, auth=None if by_query else self._keys
        )

    def _url(self, path: str) -> str:
        return f"{self.root}/wp-json/wc/v3/{path}"


def shop_url(address: str) -> str:
    """The shop's address as typed, without a trailing slash and with https where no scheme was typed."""
    typed = address.strip().rstrip("/")
    return typed if "://" in typed else f"https://{typed}"


def host_of(url: str) -> str:
    """The host, without `www.`; empty where there is none."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def read(response: Response) -> Payload:
    """The JSON of a 2xx answer; with plain permalinks, and from firewalls, a page comes with status 200.

    403 is what WooCommerce says to right keys of somebody who may not manage the shop (any more); in other words than
    its own it comes from something in front of the shop.
    """
    if 300 <= response.status < 400:
        raise Permanent(
            "redirected", status=response.status, to=response.headers.get("location", "").split("?")[0][:80]
        )
    if response.status == 403:
        raise Refused("role_lost" if _STRANGER.fullmatch(error_code(response)) else "firewall", status=403)
    if 400 <= response.status < 500 and response.status not in _BUSY:
        raise Permanent("not_accepted", status=response.status, said=error_code(response))
    judge(response)
    kind = response.headers.get("content-type", "?").split(";")[0][:40]
    if "json" not in kind:
        raise BadPayload("not_json", content_type=kind)
    return Payload.of(response.body)


def error_code(response: Response) -> str:
    """The API's own word for what was wrong (`rest_invalid_param`), else empty.

    Only words of WordPress and WooCommerce pass: the rest of an error body is the shop's and may hold anything.
    """
    try:
        code = Payload.of(response.body).text("code")
    except BadPayload:
        return ""
    return code if _ERROR_CODE.fullmatch(code) else ""
