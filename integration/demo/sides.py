"""The store's side of the demo, one class per platform, in the words the demo needs."""

from __future__ import annotations

import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from integration.clock import Clock
from integration.demo.stores.shopify import ShopifyStore
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows.shops import NewShop


@dataclass(frozen=True)
class HeldCode:
    """A discount code as the store itself tells it; `alone` is that no other one can be used with it."""

    code: str
    usage_limit: int | None
    bound_to: tuple[str, ...]
    expires: str | None
    value: str
    minimum: str
    alone: bool


class Side(ABC):
    """One store: it sells, ships, delivers and tells us by signed webhooks."""

    platform: ClassVar[str]
    name: ClassVar[str]
    webhook_url: str = ""

    @abstractmethod
    def start(self) -> NewShop:
        """Serve on loopback; what `shops add` has to be told."""

    @abstractmethod
    def stop(self) -> None:
        """Stop serving."""

    @abstractmethod
    def sell(self, **buyer: str) -> str:
        """A paid order on its way (`email`, `country`, `first_name`, `phone`); its id."""

    @abstractmethod
    def arrive(self, order: str) -> tuple[Mapping[str, str], bytes]:
        """The parcel arrives: headers and body of the signed webhook that says so."""

    @abstractmethod
    def codes(self) -> list[HeldCode]:
        """Every code there is, asked of the store, not of our database."""

    @abstractmethod
    def buyer(self, order: str) -> str:
        """As whom the store knows the buyer when a code is to be hers alone."""

    @abstractmethod
    def goods(self, order: str) -> Decimal:
        """What the buyer paid for the goods of an order, without the freight."""

    def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """Send a webhook to the service; the status of the answer."""
        return post(self.webhook_url, headers, body)


def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """POST over real HTTP; the status, whatever it is."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


class WooCommerceSide(Side):
    """Mia's WooCommerce shop."""

    platform = "woocommerce"
    name = "Mia Moda"

    def __init__(self, clock: Clock) -> None:
        self._secret = "demo-webhook-secret"  # noqa: S105  of the demo, on loopback
        self._key, self._key_secret = "ck_demo", "cs_demo"
        self.store = WooCommerceStore(self._key, self._key_secret, clock)

    def start(self) -> NewShop:  # noqa: D102  see `Side`
        url = self.store.start()
        keys = {"consumer_key": self._key, "consumer_secret": self._key_secret}
        return NewShop(self.name, self.platform, url, keys, self._secret)

    def stop(self) -> None:  # noqa: D102  see `Side`
        self.store.stop()

    def sell(self, **buyer: str) -> str:  # noqa: D102  see `Side`
        order = self.store.add_order(status="processing", **_woocommerce(buyer))
        return str(order["id"])

    def arrive(self, order: str) -> tuple[Mapping[str, str], bytes]:  # noqa: D102  see `Side`
        self.store.set_status(int(order), "delivered")
        return self.store.signed_webhook(int(order), "order.updated", self._secret)

    def codes(self) -> list[HeldCode]:  # noqa: D102  see `Side`
        return [
            HeldCode(
                one["code"].upper(), one["usage_limit"], tuple(one["email_restrictions"]), one["date_expires_gmt"],
                one["amount"], one["minimum_amount"], one["individual_use"],
            )
            for one in self.store.coupons()
        ]  # fmt: skip

    def buyer(self, order: str) -> str:  # noqa: D102  see `Side`
        return str(self.store.shop.order(int(order))["billing"]["email"])

    def goods(self, order: str) -> Decimal:  # noqa: D102  see `Side`
        lines = self.store.shop.order(int(order))["line_items"]
        return sum((Decimal(line["total"]) + Decimal(line["total_tax"]) for line in lines), Decimal(0))


def _woocommerce(buyer: Mapping[str, str]) -> dict[str, Any]:
    address = {
        "first_name": buyer.get("first_name", "Sam"), "last_name": "Torres", "company": "",
        "address_1": "Calle del Olmo 14", "address_2": "", "city": "Madrid", "state": "M", "postcode": "28012",
        "country": buyer.get("country", "ES"), "phone": buyer.get("phone", "+34600111222"),
    }  # fmt: skip
    billing = address | {"email": buyer.get("email", "sam@example.com")}
    spoken = {"GB": "en"}.get(address["country"])  # told by a plugin; what no plugin tells is guessed by country
    told = [{"id": 1, "key": "wpml_language", "value": spoken}] if spoken else []
    return {"billing": billing, "shipping": address, "meta_data": told}


class ShopifySide(Side):
    """Mia's Shopify shop."""

    platform = "shopify"
    name = "Mia Hogar"

    def __init__(self, clock: Clock) -> None:
        self.store = ShopifyStore(now=clock)

    def start(self) -> NewShop:  # noqa: D102  see `Side`
        base = self.store.start()
        app = {"client_id": self.store.client_id, "client_secret": self.store.client_secret, "api_base": base}
        return NewShop(self.name, self.platform, self.store.domain, app)

    def stop(self) -> None:  # noqa: D102  see `Side`
        self.store.stop()

    def sell(self, **buyer: str) -> str:  # noqa: D102  see `Side`
        order = self.store.add_order(**_shopify(buyer))
        for place in ("billing_address", "shipping_address"):
            order[place]["phone"] = buyer.get("phone", order[place]["phone"])
        self.store.ship(order["id"])
        return str(order["id"])

    def arrive(self, order: str) -> tuple[Mapping[str, str], bytes]:  # noqa: D102  see `Side`
        return self.store.signed_webhook("fulfillment_events/create", self.store.delivered_event(int(order)))

    def codes(self) -> list[HeldCode]:  # noqa: D102  see `Side`
        return [
            HeldCode(
                one["code"].upper(), one["usage_limit"], tuple(one["customers"]), one["ends_at"],
                one["value"], one["min_subtotal"] or "0", not one["combines"],
            )
            for one in self.store.discounts()
        ]  # fmt: skip

    def buyer(self, order: str) -> str:  # noqa: D102  see `Side`
        return str(self.store.shop.orders[int(order)]["customer"]["admin_graphql_api_id"])

    def goods(self, order: str) -> Decimal:  # noqa: D102  see `Side`
        return Decimal(self.store.shop.orders[int(order)]["subtotal_price"])


def _shopify(buyer: Mapping[str, str]) -> dict[str, Any]:
    known = {name: buyer[name] for name in ("email", "first_name") if name in buyer}
    locale = {"GB": "en", "BR": "pt-BR"}.get(buyer.get("country", ""))
    return known | ({"customer_locale": locale} if locale else {})
