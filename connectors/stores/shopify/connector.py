"""The Shopify store behind the contract of all stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from connectors.base import Capabilities, Check, Delivery, StoreConnector, StoreInfo
from connectors.payload import Payload
from connectors.stores.shopify import checks, discounts, orders, shipments, webhook
from connectors.stores.shopify.client import Client
from integration.domain.errors import Permanent
from integration.domain.events import Event, ShipmentChanged
from integration.domain.facts import Address, Order
from integration.domain.tasks import Discount, DiscountRequest

_BATCH = 50


class Shopify(StoreConnector):
    """One shop of a custom app; `address` is its myshopify.com domain.

    `credentials`: `client_id` and `client_secret` of the app, or a pasted `token`, whose app's secret still signs
    the webhooks. `api_base` stands for `https://<domain>` where the demo's and the tests' store servers are.
    """

    platform = "shopify"
    capabilities = Capabilities(binds_by="customer")
    credential_names = ("client_id", "client_secret", "token", "api_base")
    names_shop = True
    secret_from_credentials = "client_secret"  # noqa: S105 - the name of a credential

    @classmethod
    def verify(cls, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
        """See `webhook.verify`."""
        return webhook.verify(headers, body, secrets)

    @classmethod
    def parse(cls, topic: str, body: bytes, received_at: datetime) -> list[Event]:  # noqa: ARG003 - bodies say when
        """See `webhook.parse`."""
        return webhook.parse(topic, body)

    @cached_property
    def client(self) -> Client:
        """`Permanent("bad_shop_domain")` when the address is no myshopify.com domain."""
        domain = self.domain
        if not domain:
            raise Permanent("bad_shop_domain", address=self.address[:100])
        base = self.credentials.get("api_base") or f"https://{domain}"
        return Client(base.rstrip("/"), self.credentials, self.http, self.state)

    @property
    def domain(self) -> str:
        """The shop's domain, empty when the address is another: webhooks are matched by it, so a URL will not do."""
        return webhook.shop_domain(self.address)

    def fetch_order(self, ref: str) -> Order | None:
        """The order with all its lines; `None` also for one older than the 60 days that our scope sees."""
        if not (ref.isascii() and ref.isdigit()):
            return None
        gid = f"gid://shopify/Order/{ref}"
        told = self.client.run("order", id=gid).at("order")
        return orders.order_of(told, self._lines(gid, told)) if told else None

    def _lines(self, gid: str, order: Payload) -> Iterator[Payload]:
        page = order.at("lines")
        seen: set[str] = set()
        while True:
            yield from page.each("nodes")
            cursor = page.at("pageInfo").text("endCursor")
            if not page.at("pageInfo").flag("hasNextPage") or cursor in seen:
                return
            seen.add(cursor)
            page = self.client.run("order_lines", id=gid, after=cursor).at("order").at("lines")

    def fetch_shipments(self, refs: Sequence[str]) -> list[ShipmentChanged]:
        """Parcels by their ids as they are now, for what webhooks missed; unknown ids are left out."""
        found = []
        for start in range(0, len(refs), _BATCH):
            ids = [f"gid://shopify/Fulfillment/{ref}" for ref in refs[start : start + _BATCH]]
            nodes = self.client.run("shipments", ids=ids).each("nodes")
            found += [_shipment_changed(told) for told in nodes if told.at("id")]
        return found

    def create_discount(self, request: DiscountRequest) -> Discount:
        """A code for this customer, once, that combines with no other; see `StoreConnector.create_discount`."""
        return discounts.create(self.client, request)

    def find_discount(self, code: str) -> Discount | None:
        """The code as Shopify holds it, any case."""
        return discounts.find(self.client, code)

    def revoke_discount(self, discount_ref: str) -> None:
        """Delete the code; already gone is success."""
        discounts.delete(self.client, discount_ref)

    def describe(self) -> StoreInfo:
        """The Admin API tells no language without a scope that we do not ask for, so `locale` is empty."""
        shop = self.client.run("shop").at("shop")
        told = shop.at("shopAddress")
        address = Address(
            name=shop.text("name"),
            company=told.text("company"),
            street=told.text("address1"),
            street2=told.text("address2"),
            city=told.text("city"),
            region=told.text("province"),
            postcode=told.text("zip"),
            country=told.text("countryCodeV2"),
        )
        return StoreInfo(shop.text("name"), shop.text("currencyCode"), shop.text("ianaTimezone"), "", address)

    def check(self) -> list[Check]:
        """Access, domain, scopes, API version, customer data, webhooks; see `checks`."""
        return list(checks.look(self))

    def webhook_topics(self) -> tuple[str, ...]:
        """The last one can only be subscribed in the app's configuration, not by the API (facts 2.1)."""
        return (*checks.TOPICS, "customers/redact")


def _shipment_changed(told: Payload) -> ShipmentChanged:
    shipment = shipments.of_fulfillment(told)
    at = shipment.delivered_at or told.needed_moment("updated_at")
    return ShipmentChanged(told.at("order").ref("id"), shipment, at)
