"""How Shopify limits queries: by points in a leaky bucket, answered with HTTP 200 (facts 7)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from graphql import DocumentNode, FieldNode, InlineFragmentNode, IntValueNode

from integration.demo.stores.shopify_data import Json


class Bucket:
    """Shopify's leaky bucket: `maximum` points that come back at `rate` a second."""

    def __init__(self, now: Callable[[], datetime], maximum: int = 2000, rate: int = 100) -> None:
        self.now = now
        self.maximum = maximum
        self.rate = rate
        self.available = float(maximum)
        self._seen = now()

    def take(self, cost: int) -> bool:
        """Whether there was enough; then it is taken."""
        now = self.now()
        self.available = min(self.maximum, self.available + (now - self._seen).total_seconds() * self.rate)
        self._seen = now
        if cost > self.available:
            return False
        self.available -= cost
        return True

    def status(self, requested: int, actual: int | None) -> Json:
        """The `cost` extension of every answer."""
        throttle = {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": math.floor(self.available),
            "restoreRate": float(self.rate),
        }
        return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": throttle}


def cost(document: DocumentNode) -> int:
    """Points as Shopify counts them, near enough: an object 1, a list as many as asked, a mutation 10."""
    total = 0
    for definition in document.definitions:
        changes = getattr(getattr(definition, "operation", None), "value", "") == "mutation"
        total += 10 if changes else _selected(definition)
    return total


def _selected(node: Any) -> int:
    total = 0
    for child in node.selection_set.selections if node.selection_set else ():
        if isinstance(child, InlineFragmentNode):
            total += _selected(child)
        elif isinstance(child, FieldNode) and child.selection_set:
            total += _times(child) * (1 + _selected(child))
    return total


def _times(field: FieldNode) -> int:
    for argument in field.arguments or ():
        if argument.name.value == "first" and isinstance(argument.value, IntValueNode):
            return int(argument.value.value)
    return 1
