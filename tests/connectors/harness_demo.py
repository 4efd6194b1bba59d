"""The demo store under the contract suite: a folder, eyes on its files."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.http import Http
from connectors.signing import sign
from connectors.stores.demo.connector import Demo
from integration.domain.tasks import DiscountRequest
from tests.connectors.harness import StoredCode, StoreHarness
from tests.connectors.harness_woocommerce import SAM

ORDER: dict[str, Any] = {
    "status": "delivered",
    "placed_at": "2026-11-18T09:00:00Z",
    "currency": "EUR",
    "total": "94.90",
    "email": "sam@example.com",
    "items": [{"id": "1", "name": "Botas", "quantity": 1, "price": "89.00"}],
}


class DemoHarness(StoreHarness):
    over_http = False
    has_webhooks = False

    def start(self) -> str:
        self.orders: list[dict[str, Any]] = []
        self._save()
        return str(self.folder)

    def stop(self) -> None:
        return

    def connector(self, http: Http, base: str) -> Demo:
        return Demo("demo", {"folder": base}, http)

    def add_order(self) -> str:
        self.orders.append({**ORDER, "id": str(1001 + len(self.orders))})
        self._save()
        return str(self.orders[-1]["id"])

    def webhook(self, ref: str, secret: str) -> tuple[dict[str, str], bytes]:
        body = json.dumps(next(order for order in self.orders if order["id"] == ref)).encode()
        return {"x-postventa-topic": "order.changed", "x-postventa-signature": sign(body, secret)}, body

    def discount(self) -> DiscountRequest:
        return SAM

    def unbindable(self) -> DiscountRequest:
        return replace(SAM, email="")

    def codes(self) -> list[StoredCode]:
        file = self.folder / "discounts.json"
        return [
            StoredCode(
                code=held["code"],
                kind=held["kind"],
                value=Decimal(held["value"]),
                bound_to=held["email"],
                expires_at=datetime.fromisoformat(held["expires_at"]),
                usage_limit=held["usage_limit"],
                min_subtotal=Decimal(held["min_subtotal"]) if held["min_subtotal"] else None,
            )
            for held in (json.loads(file.read_text("utf-8")) if file.exists() else [])
        ]

    def change(self, ref: str, at: datetime) -> None:
        next(order for order in self.orders if order["id"] == ref)["updated_at"] = at.isoformat()
        self._save()

    def notes(self, ref: str) -> list[str]:
        file = self.folder / "notes.json"
        held = json.loads(file.read_text("utf-8")) if file.exists() else []
        return [note["text"] for note in held if note["order"] == ref]

    def _save(self) -> None:
        (self.folder / "orders.json").write_text(json.dumps(self.orders), "utf-8")


HARNESS = DemoHarness
