"""`wc-auth`: the owner approves in her shop, and the shop sends us keys (facts 3.2)."""

from __future__ import annotations

from urllib.parse import urlencode

from connectors.base import Approval
from connectors.payload import Payload
from connectors.stores.woocommerce.client import shop_url
from integration.domain.errors import BadPayload

_APP = "Postventa"


def url(address: str, state: str, callback_url: str, return_url: str) -> str:
    """The shop's page that asks her; `user_id` comes back with the keys, which name no shop: it is our word."""
    asked = {
        "app_name": _APP,
        "scope": "read_write",
        "user_id": state,
        "return_url": return_url,
        "callback_url": callback_url,
    }
    return f"{shop_url(address)}/wc-auth/v1/authorize?{urlencode(asked)}"


def read(body: bytes) -> Approval:
    """The keys; `BadPayload` when something else was sent."""
    told = Payload.of(body)
    keys = {name: told.text(name) for name in ("consumer_key", "consumer_secret")}
    for name, value in keys.items():
        if not value or len(value) > 200 or not value.isascii():
            raise BadPayload("bad_shape", path=f"$.{name}")
    return Approval(told.ref("user_id"), keys)
