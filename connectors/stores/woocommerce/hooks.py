"""Webhooks as the shop keeps them: which there are, and making anew what was switched off (facts 1.2, 2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from connectors.base import Subscription
from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client
from integration.domain.errors import Ambiguous

_SIZE = 100


def listed(client: Client) -> tuple[Subscription, ...]:
    """Every webhook of the shop, whoever it sends to."""
    return tuple(_subscription(hook) for hook in _all(client))


def heal(client: Client, url: str, secret: str, topics: Sequence[str]) -> tuple[str, ...]:
    """Make what lacks, then delete what it replaces; the topics that were made.

    One that failed too often is not switched on again: it keeps its count, and the next failure would end it.
    """
    ours = [hook for hook in _all(client) if urlsplit(hook.text("delivery_url")).path == urlsplit(url).path]
    made = []
    for topic in topics:
        mine = [hook for hook in ours if hook.text("topic") == topic]
        if not any(_stands(hook, url) for hook in mine):
            _make(client, topic, url, secret)
            made.append(topic)
        for hook in mine:
            if not _stands(hook, url):
                _delete(client, hook)
    return tuple(made)


def forget(client: Client, url: str) -> None:
    """Delete every webhook that sends to us, so that `heal` makes them anew for whoever has the keys now."""
    for hook in list(_all(client)):
        if hook.text("delivery_url") == url:
            _delete(client, hook)


def knock(client: Client, url: str, secret: str) -> bool:
    """The shop pings whoever a webhook is made for, inside the call that makes it, and tells nobody how that went.

    `order.created` is none of ours, so nothing is healed by it; whatever it sends in its short life is signed.
    """
    asked = {"name": "Postventa", "topic": "order.created", "delivery_url": url, "secret": secret, "status": "active"}
    made = client.post("webhooks", asked)
    client.delete(f"webhooks/{made.ref('id')}")
    return True


def _all(client: Client) -> Iterator[Payload]:
    number = 1
    while True:
        asked = {"per_page": str(_SIZE), "page": str(number)}
        hooks = list(Payload({"webhooks": client.get("webhooks", **asked).value}).each("webhooks"))
        yield from hooks
        if len(hooks) < _SIZE:
            return
        number += 1


def _subscription(hook: Payload) -> Subscription:
    active = hook.text("status") == "active"
    return Subscription(hook.ref("id"), hook.text("topic"), hook.text("delivery_url"), active)


def _stands(hook: Payload, url: str) -> bool:
    """Paused is what a person does, disabled what the shop does."""
    return hook.text("delivery_url") == url and hook.text("status") in ("active", "paused")


def _make(client: Client, topic: str, url: str, secret: str) -> None:
    asked = {"name": f"Postventa {topic}", "topic": topic, "delivery_url": url, "secret": secret, "status": "active"}
    try:
        client.post("webhooks", asked)
    except Ambiguous as lost:
        raise lost.as_temporary() from lost  # the next look finds it


def _delete(client: Client, hook: Payload) -> None:
    try:
        client.delete(f"webhooks/{hook.ref('id')}")
    except Ambiguous as lost:
        raise lost.as_temporary() from lost
