"""Shopify under the contract suite: our store server, eyes on its codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.http import Http
from connectors.signing import sign
from connectors.stores.shopify.connector import Shopify
from integration.clock import system_clock
from integration.demo.stores.shopify import ShopifyStore
from integration.demo.stores.shopify_data import written
from integration.domain.money import Money
from integration.domain.tasks import DiscountRequest
from tests.connectors.harness import StoredCode, StoreHarness


class ShopifyHarness(StoreHarness):
    unknown_topic = "moon/landed"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.store = ShopifyStore()
        self.store.shop.scopes.add("write_orders")
        self.store.bucket.rate = 10**6  # how it throttles is told elsewhere

    def start(self) -> str:
        return self.store.start()

    def stop(self) -> None:
        self.store.stop()

    def connector(self, http: Http, base: str) -> Shopify:
        credentials = {"client_id": self.store.client_id, "client_secret": self.store.client_secret, "api_base": base}
        return Shopify(self.store.domain, credentials, http)

    def add_order(self) -> str:
        return str(self.store.add_order()["id"])

    def webhook(self, ref: str, secret: str) -> tuple[dict[str, str], bytes]:
        headers, body = self.store.signed_webhook("orders/updated", self.store.shop.orders[int(ref)])
        headers["X-Shopify-Hmac-Sha256"] = sign(body, secret)
        return {name.lower(): value for name, value in headers.items()}, body

    def discount(self) -> DiscountRequest:
        # Shopify binds by customer, and knows Sam only since she bought.
        sam = self.store.shop.customers().get("sam@example.com") or self.store.add_order()["customer"]
        return self._request("sam@example.com", str(sam["id"]))

    def unbindable(self) -> DiscountRequest:
        return self._request("nobody@example.com", "")

    def codes(self) -> list[StoredCode]:
        return [
            StoredCode(
                code=held["code"],
                kind=held["kind"],
                value=Decimal(held["value"] or 0),
                bound_to=" ".join(gid.rsplit("/", 1)[-1] for gid in held["customers"]),
                expires_at=datetime.fromisoformat(held["ends_at"]) if held["ends_at"] else None,
                usage_limit=held["usage_limit"],
                min_subtotal=Decimal(held["min_subtotal"]) if held["min_subtotal"] else None,
            )
            for held in self.store.discounts()
        ]

    def change(self, ref: str, at: datetime) -> None:
        self.store.shop.orders[int(ref)]["updated_at"] = written(at)

    def notes(self, ref: str) -> list[str]:
        return (self.store.shop.orders[int(ref)]["note"] or "").splitlines()

    def hooks(self) -> list[tuple[str, str]]:
        return [(hook["topic"].lower().replace("_", "/"), hook["uri"]) for hook in self.store.shop.hooks.all]

    def break_hook(self, topic: str) -> None:
        (hook,) = self.store.shop.hooks.of(topic)
        for _ in range(8):
            self.store.shop.hooks.count(hook, well=False)

    def _request(self, email: str, customer_ref: str) -> DiscountRequest:
        now = system_clock()
        return DiscountRequest(
            code="PV-K7Q2XW9D4RT",
            title="Postventa R-7K3QXM",
            kind="percent",
            value=Decimal(10),
            currency="EUR",
            email=email,
            customer_ref=customer_ref,
            starts_at=now,
            expires_at=now + timedelta(days=60),
            min_subtotal=Money.of("20", "EUR"),
        )


HARNESS = ShopifyHarness
