"""WooCommerce under the contract suite: our store server, eyes on its coupons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.http import Http
from connectors.stores.woocommerce.connector import WooCommerce
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.demo.stores.woocommerce_fields import stamps
from integration.domain.money import Money
from integration.domain.tasks import DiscountRequest
from tests.connectors.harness import StoredCode, StoreHarness

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SAM = DiscountRequest(
    code="PV-K7Q2XW9D4RT",
    title="Postventa R-7K3QXM",
    kind="percent",
    value=Decimal(10),
    currency="EUR",
    email="Sam@example.com",
    customer_ref="",
    starts_at=NOW,
    expires_at=NOW + timedelta(days=60),
    min_subtotal=Money.of("20", "EUR"),
    reference="complaint_7k3qxm",
)


class WooCommerceHarness(StoreHarness):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.store = WooCommerceStore("ck_canary", "cs_canary", lambda: NOW)

    def start(self) -> str:
        return self.store.start()

    def stop(self) -> None:
        self.store.stop()

    def connector(self, http: Http, base: str) -> WooCommerce:
        return WooCommerce(base, {"consumer_key": "ck_canary", "consumer_secret": "cs_canary"}, http)

    def add_order(self) -> str:
        return str(self.store.add_order()["id"])

    def webhook(self, ref: str, secret: str) -> tuple[dict[str, str], bytes]:
        headers, body = self.store.signed_webhook(int(ref), "order.updated", secret)
        return {name.lower(): value for name, value in headers.items()}, body

    def discount(self) -> DiscountRequest:
        return SAM

    def unbindable(self) -> DiscountRequest:
        # WordPress drops what is no ASCII address, and the coupon is everybody's.
        return replace(SAM, email="æøå@example.com")

    def codes(self) -> list[StoredCode]:
        return [stored(coupon) for coupon in self.store.coupons()]

    def change(self, ref: str, at: datetime) -> None:
        self.store.shop.orders[int(ref)] |= stamps("date_modified", at, self.store.shop.zone)

    def notes(self, ref: str) -> list[str]:
        return [note["note"] for note in self.store.shop.list_notes(int(ref))]

    def hooks(self) -> list[tuple[str, str]]:
        return [(hook["topic"], hook["delivery_url"]) for hook in self.store.hooks.all() if hook["status"] == "active"]

    def break_hook(self, topic: str) -> None:
        (hook,) = (hook for hook in self.store.hooks.all() if hook["topic"] == topic)
        self.store.hooks.change(hook["id"], {"status": "disabled"})


def stored(coupon: dict[str, Any]) -> StoredCode:
    expiry = coupon["date_expires_gmt"]
    kind = "percent" if coupon["discount_type"] == "percent" else "fixed"
    return StoredCode(
        code=coupon["code"],
        kind="free_shipping" if coupon["free_shipping"] else kind,
        value=Decimal(coupon["amount"]),
        bound_to=",".join(coupon["email_restrictions"]),
        expires_at=datetime.fromisoformat(expiry).replace(tzinfo=UTC) if expiry else None,
        usage_limit=coupon["usage_limit"],
        min_subtotal=Decimal(coupon["minimum_amount"]) or None,
    )


HARNESS = WooCommerceHarness
