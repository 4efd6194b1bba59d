"""The Shopify store behind the contract of all stores."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from connectors.base import Capabilities, Check, Delivery, Page, StoreConnector, StoreInfo, Subscription
from connectors.observed import Observed
from connectors.stores.shopify import (
    app_file,
    checks,
    discounts,
    live,
    notes,
    reading,
    scopes,
    storefront,
    subscriptions,
    webhook,
)
from connectors.stores.shopify.client import Client
from integration.domain.errors import Permanent
from integration.domain.events import Event, ShipmentChanged
from integration.domain.facts import Address, Order
from integration.domain.tasks import Discount, DiscountRequest


class Shopify(StoreConnector):
    """One shop of a custom app; `address` is its myshopify.com domain.

    `credentials`: `client_id` and `client_secret` of the app, or a pasted `token`, whose app's secret still signs
    the webhooks. `api_base` stands for `https://<domain>` where the demo's and the tests' store servers are.
    """

    platform = "shopify"
    capabilities = Capabilities(binds_by="customer", lists_every_webhook=False, parcels_by_id=True)
    credential_names = ("client_id", "client_secret", "token", "api_base")
    # A pasted token needs no client id; the secret signs the webhooks either way.
    credentials_needed = (("client_id", "client_secret"), ("client_secret", "token"))
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

    @classmethod
    def storefront(cls, query: str, secrets: Sequence[str], now: datetime) -> str:
        """See `storefront.shop_of`."""
        return storefront.shop_of(query, secrets, now)

    @classmethod
    def typed_address(cls, text: str) -> str:
        """See `webhook.typed_domain`."""
        return webhook.typed_domain(text)

    @classmethod
    def permissions(cls, features: Collection[str]) -> tuple[str, ...]:
        """The scopes; see `scopes.needed`."""
        return scopes.needed(features)

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
        return reading.order(self.client, ref)

    def changed_orders(self, since: datetime, cursor: str = "") -> Page:
        """See `reading.changed`; those of the last 60 days, see `fetch_order`."""
        return reading.changed(self.client, since, cursor)

    def open_shipments(self, refs: Sequence[str]) -> Sequence[ShipmentChanged]:
        """Parcels by their ids, for what webhooks missed; a delivery may change the parcel alone (facts 2.2)."""
        return reading.parcels(self.client, refs)

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
        home = shop.text("myshopifyDomain").lower()
        return StoreInfo(shop.text("name"), shop.text("currencyCode"), shop.text("ianaTimezone"), "", address, home)

    def check(self) -> list[Check]:
        """Access, domain, scopes, API version, customer data, webhooks; see `checks`."""
        return list(checks.look(self))

    def webhook_topics(self) -> tuple[str, ...]:
        """The last three can only be subscribed in the app's configuration, not by the API (facts 2.1)."""
        return (*checks.TOPICS, "customers/data_request", "customers/redact", "shop/redact")

    def observe(self, since: datetime) -> Iterator[Observed]:
        """See `live.observe`."""
        return live.observe(self.client, since)

    def app_file(self, public_url: str, webhook_url: str, features: Collection[str]) -> str:
        """See `app_file.written`; a pasted token belongs to an app without such a file, so its id is empty."""
        compliance = [topic for topic in self.webhook_topics() if topic not in checks.TOPICS]
        return app_file.written(self.credentials.get("client_id", ""), public_url, webhook_url, compliance, features)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """See `subscriptions.listed`."""
        return subscriptions.listed(self.client)

    def heal_subscriptions(self, url: str, secret: str) -> tuple[str, ...]:  # noqa: ARG002 - the app's secret signs
        """See `subscriptions.heal`; privacy topics can only be subscribed in the app's configuration."""
        return subscriptions.heal(self.client, url, checks.TOPICS)

    def note_on_order(self, ref: str, text: str, tag: str) -> str:
        """See `notes.leave`."""
        return notes.leave(self.client, ref, text, tag)
