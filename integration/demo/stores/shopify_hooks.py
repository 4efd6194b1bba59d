"""Webhook subscriptions of the Shopify server: made by the API, deleted by it or for failing (facts 2.4)."""

from __future__ import annotations

from typing import Any

from integration.demo.stores.shopify_data import Json

FAILURES_BORNE = 8
_GID = "gid://shopify/WebhookSubscription/"


class Hooks:
    """What the API lists; subscriptions of an app's configuration are not among them."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.all: list[Json] = []
        self._made = 0

    def add(self, topic: str, uri: str, version: str = "") -> Json:
        """A subscription as if made by the API; `topic` as in the enum."""
        self._made += 1
        hook = {"id": f"{_GID}{self._made}", "topic": topic, "uri": uri, "failures": 0}
        self.all.append(hook | {"apiVersion": {"handle": version or self.version}})
        return self.all[-1]

    def of(self, topic: str) -> list[Json]:
        """Those of a topic as headers spell it (`orders/updated`)."""
        return [hook for hook in self.all if hook["topic"] == topic.upper().replace("/", "_")]

    def count(self, hook: Json, *, well: bool) -> None:
        """A success forgets all failures; after the eighth in a row Shopify deletes the subscription."""
        hook["failures"] = 0 if well else hook["failures"] + 1
        if hook["failures"] >= FAILURES_BORNE and hook in self.all:
            self.all.remove(hook)

    def create(self, _info: Any, topic: str, webhookSubscription: Json) -> Json:  # noqa: N803 - the schema's name
        """`webhookSubscriptionCreate`."""
        uri = str(webhookSubscription.get("uri", ""))
        said = ""
        if uri.startswith("http://"):
            said = "Address protocol http:// is not supported"
        elif any((hook["topic"], hook["uri"]) == (topic, uri) for hook in self.all):
            said = "Address for this topic has already been taken"
        if said:
            error = {"field": ["webhookSubscription", "callbackUrl"], "message": said}
            return {"webhookSubscription": None, "userErrors": [error]}
        return {"webhookSubscription": self.add(topic, uri), "userErrors": []}

    def delete(self, _info: Any, id: str) -> Json:  # noqa: A002 - the schema's name
        """`webhookSubscriptionDelete`."""
        known = [hook for hook in self.all if hook["id"] == id]
        self.all = [hook for hook in self.all if hook["id"] != id]
        gone = [] if known else [{"field": ["id"], "message": "Webhook subscription does not exist"}]
        return {"deletedWebhookSubscriptionId": id if known else None, "userErrors": gone}
