"""Webhooks on a bad day: some never come, the rest come thrice and in any order, and a store gives up on us.

A courier stands between a store and us. `tell` is the store's; `arrive` hands over what is on its way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from integration.clock import Clock
from integration.demo.stores.shopify import ShopifyStore
from integration.demo.stores.woocommerce import WooCommerceStore

Post = Callable[[Mapping[str, str], bytes], int]
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 3, 8, 20, 45, 90, 150, 240))
"""Shopify's eight retries within four hours; its documents give the number and the end, not the steps."""


@dataclass
class Way:
    """How bad the day is, a good one without more being said: `up` is whether we answer at all."""

    post: Post
    dice: random.Random
    lost: float = 0.0
    copies: int = 1
    shuffled: bool = False
    up: bool = True
    under_way: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    handed_over: int = 0
    dropped: int = 0

    def send(self, headers: Mapping[str, str], body: bytes) -> bool:
        """What the store sees: whether somebody answered. A webhook that is lost was never sent."""
        if not self.up:
            return False
        if self.dice.random() < self.lost:
            self.dropped += 1
        else:
            self.under_way += [(headers, body)] * self.copies
        return True

    def arrive(self, share: float = 1.0) -> None:
        """A share of what is under way comes."""
        if self.shuffled:
            self.dice.shuffle(self.under_way)
        count = round(len(self.under_way) * share)
        for headers, body in self.under_way[:count]:
            assert self.post(headers, body) == 200
            self.handed_over += 1
        del self.under_way[:count]


class WooCommerceCourier:
    """Each event is posted once, after the last of its minute; the seventh failure in a row ends the webhook.

    Takes the place of the store's own POST, so that its own counting is at work, and its ping.
    """

    def __init__(self, store: WooCommerceStore, way: Way) -> None:
        self.store = store
        self.way = way
        self._changed: dict[int, None] = {}

    def tell(self, ref: int) -> None:
        """The order changed; told with the next queue run, once."""
        self._changed[ref] = None

    def tick(self) -> None:
        """WP-Cron: build every payload now, and send it."""
        for ref in self._changed:
            self.store.deliver(ref, "order.updated")
        self._changed.clear()

    def post(
        self, _url: str, headers: dict[str, str], body: bytes, _timeout: float, _ca_file: str | None = None
    ) -> int:
        """What the store calls."""
        if "X-WC-Webhook-Topic" not in headers:
            return 200 if self.way.up else 0  # the ping
        return 200 if self.way.send(headers, body) else 0


class ShopifyCourier:
    """Each event goes to every subscription of its topic; what fails is sent again with the payload of then."""

    def __init__(self, store: ShopifyStore, way: Way, now: Clock) -> None:
        self.store = store
        self.way = way
        self.now = now
        self._again: list[tuple[Any, int, dict[str, Any], Mapping[str, str], bytes]] = []

    def tell(self, topic: str, payload: Any) -> None:
        """Something happened."""
        for hook in self.store.shop.hooks.of(topic):
            self._try(hook, 0, *self.store.signed_webhook(topic, payload))

    def tick(self) -> None:
        """Try again what is due."""
        due = [entry for entry in self._again if entry[0] <= self.now()]
        self._again = [entry for entry in self._again if entry[0] > self.now()]
        for _, attempt, hook, headers, body in due:
            if hook in self.store.shop.hooks.all:  # events of a deleted subscription are not replayed
                self._try(hook, attempt, headers, body)

    def _try(self, hook: dict[str, Any], attempt: int, headers: Mapping[str, str], body: bytes) -> None:
        well = self.way.send(headers, body)
        self.store.shop.hooks.count(hook, well=well)
        if not well and attempt < len(RETRIES):
            self._again.append((self.now() + RETRIES[attempt], attempt + 1, hook, headers, body))
