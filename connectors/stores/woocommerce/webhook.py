"""WooCommerce's webhooks: who signed them, how they repeat, and what they tell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from connectors.base import Delivery
from connectors.payload import Payload
from connectors.signing import signed
from connectors.stores.woocommerce.orders import is_anonymized, parse_order
from integration.domain.errors import BadSignature
from integration.domain.events import Event, OrderChanged, OrderMentioned, OrderRemoved, PersonErased, StoreComplained

# The store says nothing about when it signed; an identical body a day later may be a new fact.
WINDOW = timedelta(hours=24)
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
    """The delivery if one of the secrets signed its body, or the store's unsigned ping; `BadSignature`."""
    if _is_ping(headers, body):
        return Delivery(topic="ping", key="ping", ping=True)
    if not signed(body, headers.get("x-wc-webhook-signature", ""), secrets):
        raise BadSignature("bad_signature")
    topic = headers.get("x-wc-webhook-topic", "").strip()[:200]
    # X-WC-Webhook-Delivery-ID is made of the webhook and the second, so different orders share one: never a key.
    key = hashlib.sha256(topic.encode("utf-8", "surrogatepass") + b"\n" + body).hexdigest()
    return Delivery(topic=topic, key=key, window=WINDOW)


def parse(topic: str, body: bytes) -> list[Event]:
    """What the body tells; an unknown topic tells nothing, a signed error is a complaint of the store."""
    reader = _TOPICS.get(topic) or (_read_action if topic.startswith("action.") else None)
    if reader is None:
        return []
    payload = Payload.of(body)
    # The store builds the body by its own API, as the webhook's owner: when that person lost his rights, or the
    # webhook is of an old API version, the "order" is the API's error, and it is signed like any other.
    if not payload.at("id") and not payload.at("action"):
        told = ": ".join(part for part in (payload.text("code")[:80], payload.text("message")[:200]) if part)
        return [StoreComplained("no_id", told)]
    return reader(payload)


def _is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    form = headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
    return form and "x-wc-webhook-topic" not in headers and _PING.fullmatch(body) is not None


def _read_order(payload: Payload) -> list[Event]:
    if is_anonymized(payload):
        return [PersonErased(payload.ref("id"))]
    return [OrderChanged(parse_order(payload))]


def _read_removal(payload: Payload) -> list[Event]:
    # The topic is not signed: only the body of a removal, which is the bare id, may remove an order.
    ref = payload.ref("id")
    return [OrderRemoved(ref) if set(payload.value) == {"id"} else OrderMentioned(ref)]


def _read_mention(payload: Payload) -> list[Event]:
    return [OrderMentioned(payload.ref("id"))]


def _read_action(payload: Payload) -> list[Event]:
    """`arg` is the hook's first argument: an order's id, or `[]` where that was an object."""
    arg = payload.at("arg").value
    is_order = isinstance(arg, int) and not isinstance(arg, bool)
    # This one hook names the refund; `woocommerce_order_refunded` names its order.
    if not is_order or payload.text("action") == "woocommerce_refund_created":
        return []
    return [OrderMentioned(payload.ref("arg"))]


_TOPICS: dict[str, Callable[[Payload], list[Event]]] = {
    "order.created": _read_order,
    "order.updated": _read_order,
    "order.deleted": _read_removal,
    "order.restored": _read_mention,
}
