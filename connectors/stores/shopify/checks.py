"""What must hold before a Shopify shop can work with us; each finding is a code for the owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from connectors.base import Check
from connectors.payload import Payload
from connectors.stores.shopify.client import API_VERSION, Client
from connectors.stores.shopify.scopes import NEEDED_FOR, holds
from connectors.stores.shopify.subscriptions import enum_of, nodes
from integration.domain.errors import SinkError

TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/cancelled",
    "orders/edited",
    "orders/delete",
    "fulfillments/create",
    "fulfillments/update",
    "fulfillment_events/create",
    "app/uninstalled",
)


class Shop(Protocol):
    """What is looked at: a domain and its API."""

    @property
    def domain(self) -> str:
        """`mia.myshopify.com`, empty when the address is none."""
        ...

    @property
    def client(self) -> Client:
        """The API of the shop."""
        ...


def look(shop: Shop) -> Iterator[Check]:
    """All checks; only the first one when there is no access. `problem` is the code of the error that stopped one."""
    try:
        told = shop.client.run("shop")
    except SinkError as error:
        yield _broken("shopify_access", error)
        return
    yield Check("shopify_access", True, {})
    named = told.at("shop").text("myshopifyDomain").lower()
    yield Check("shopify_domain", named == shop.domain, {"domain": shop.domain, "store": named})
    yield from _scopes(told)
    yield _version(told)
    yield _customer_data(shop.client)
    yield _webhooks(shop.client)


def _broken(code: str, error: SinkError) -> Check:
    values = {name: str(value) for name, value in error.params.items()}
    return Check(code, False, {**values, "problem": error.code})


def _scopes(told: Payload) -> Iterator[Check]:
    granted = {scope.text("handle") for scope in told.at("currentAppInstallation").each("accessScopes")}
    for scope, feature in NEEDED_FOR.items():
        yield Check("shopify_scope", holds(scope, granted), {"scope": scope}, feature)


def _version(told: Payload) -> Check:
    supported = {entry.text("handle") for entry in told.each("publicApiVersions") if entry.flag("supported")}
    return Check("shopify_api_version", API_VERSION in supported, {"version": API_VERSION})


def _customer_data(client: Client) -> Check:
    """Whether names, addresses and e-mail come through, or are withheld as protected customer data (facts 4.3).

    What is withheld is null with an error beside it; an order of the counter has no e-mail and no error.
    """
    try:
        told, withheld = client.look("latest_orders")
    except SinkError as error:
        return _broken("shopify_customer_data", error)
    if withheld:
        return Check("shopify_customer_data", False, {"withheld": ", ".join(sorted(withheld))})
    if not any(order.text("email") for order in told.at("orders").each("nodes")):
        return Check("shopify_customer_data_unseen", True, {})
    return Check("shopify_customer_data", True, {})


def _webhooks(client: Client) -> Check:
    """Shopify lists only subscriptions made by its API; with none, they are in the app's configuration or nowhere."""
    try:
        subscribed = {entry.text("topic"): entry.at("apiVersion").text("handle") for entry in nodes(client)}
    except SinkError as error:
        return _broken("shopify_access", error)
    if not subscribed:
        return Check("shopify_webhooks_unlisted", True, {})
    missing = [topic for topic in TOPICS if subscribed.get(enum_of(topic)) != API_VERSION]
    return Check("shopify_webhooks", not missing, {"missing": ", ".join(missing)}, "webhooks")
