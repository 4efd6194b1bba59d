"""Webhook subscriptions made by the API: Shopify deletes those that fail eight times in a row (facts 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from connectors.base import Subscription
from connectors.payload import Payload
from connectors.stores.shopify.client import Client
from integration.domain.errors import Permanent


def nodes(client: Client) -> Iterator[Payload]:
    """Every subscription of this app made by the API; those of its configuration are never shown."""
    after: str | None = None
    seen: set[str | None] = set()
    while after not in seen:
        seen.add(after)
        page = client.run("webhooks", after=after).at("webhookSubscriptions")
        yield from page.each("nodes")
        after = page.at("pageInfo").text("endCursor") if page.at("pageInfo").flag("hasNextPage") else None


def listed(client: Client) -> tuple[Subscription, ...]:
    """The subscriptions, topics as GraphQL spells them; one that is listed is active."""
    return tuple(
        Subscription(told.text("id"), told.text("topic"), told.text("uri"), active=True) for told in nodes(client)
    )


def heal(client: Client, url: str, topics: Sequence[str]) -> tuple[str, ...]:
    """Make what lacks, then delete what our app sends to an older address of ours; the topics that were made.

    `Permanent("subscription_refused")` names the topic: without access to protected customer data most are refused.
    """
    ours = [one for one in listed(client) if urlsplit(one.url).path == urlsplit(url).path]
    missing = [topic for topic in topics if not any(one.topic == enum_of(topic) and one.url == url for one in ours)]
    for topic in missing:
        _make(client, topic, url)
    for one in ours:
        if one.url != url:
            client.run("webhook_delete", id=one.ref)
    return tuple(missing)


def enum_of(topic: str) -> str:
    """The name of a topic in GraphQL."""
    return topic.upper().replace("/", "_")


def _make(client: Client, topic: str, url: str) -> None:
    wish = {"uri": url, "format": "JSON"}
    made = client.run("webhook_create", topic=enum_of(topic), webhookSubscription=wish).at("webhookSubscriptionCreate")
    errors = [error.text("message") for error in made.each("userErrors")]
    if errors and "already been taken" not in errors[0]:
        raise Permanent("subscription_refused", topic=topic, said=errors[0][:200])
