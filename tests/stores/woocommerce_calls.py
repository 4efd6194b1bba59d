"""Calls to the WooCommerce server as anybody would make them, without our connector."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode, urlsplit

from integration.demo.stores.woocommerce import WooCommerceStore

KEY, SECRET = "ck_mia", "cs_mia"


def basic(key: str, secret: str) -> str:
    return "Basic " + b64encode(f"{key}:{secret}".encode()).decode()


def call(
    store: WooCommerceStore, method: str, path: str, body: Any = None, *, auth: str = basic(KEY, SECRET), **params: str
) -> tuple[int, Any, dict[str, str]]:
    line = http.client.HTTPConnection(urlsplit(store.url).netloc, timeout=5)
    headers = {"Content-Type": "application/json"} | ({"Authorization": auth} if auth else {})
    query = f"?{urlencode(params)}" if params else ""
    line.request(method, f"/wp-json/wc/v3/{path}{query}", json.dumps(body) if body is not None else None, headers)
    got = line.getresponse()
    raw = got.read()
    line.close()
    return got.status, json.loads(raw), {name.lower(): value for name, value in got.getheaders()}


def made(store: WooCommerceStore, **asked: Any) -> dict[str, Any]:
    status, coupon, _ = call(store, "POST", "coupons", {"code": "sorry", **asked})
    assert status == 201
    return dict(coupon)


def refusal(store: WooCommerceStore, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
    status, said, _ = call(store, method, path, body, **more)
    return status, said["code"]
