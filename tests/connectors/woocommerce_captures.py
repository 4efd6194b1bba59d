"""Requests that a real WooCommerce 10.5.0 store sent, byte for byte, and orders cut from them."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "fixtures" / "store" / "woocommerce"
SECRETS: dict[str, str] = json.loads((FOLDER / "secrets.json").read_text("utf-8"))
ORDERS = (
    *("order.created__pending_guest", "order.updated__pending_guest", "order.updated__refunded"),
    *("order.updated__checkout_draft", "order.updated__completed_with_tracking"),
    "order.updated__fulfillments_feature",
)


@cache
def capture(name: str) -> tuple[dict[str, str], bytes]:
    """Headers (lower case) and body of `<topic>__<case>`."""
    head, body = (FOLDER / f"{name}.http").read_bytes().split(b"\r\n\r\n", 1)
    lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:]]
    return {key.lower(): value for key, value in lines}, body


def secret(name: str) -> str:
    """What signed it."""
    return SECRETS[f"{name}.http"]


def order(**changes: Any) -> dict[str, Any]:
    """The captured order with tracking, with some of its fields changed."""
    found: dict[str, Any] = deepcopy(json.loads(capture("order.updated__completed_with_tracking")[1]))
    return found | changes


def body(**changes: Any) -> bytes:
    """The same as the body of a webhook."""
    return json.dumps(order(**changes)).encode()
