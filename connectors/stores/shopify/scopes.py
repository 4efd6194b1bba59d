"""What the app may do in the shop, and what for: one list for the app file, the check and the page."""

from __future__ import annotations

from collections.abc import Collection, Mapping

NEEDED_FOR: Mapping[str, str] = {
    "read_orders": "",
    "read_customers": "",
    "read_fulfillments": "",
    "write_discounts": "codes",
    "write_orders": "notes",
    "write_app_proxy": "storefront",
}
"""Each scope with the feature that alone needs it (`Check.feature`); empty where nothing works without it."""


def needed(features: Collection[str]) -> tuple[str, ...]:
    """The scopes to ask for when these features are switched on."""
    return tuple(scope for scope, feature in NEEDED_FOR.items() if not feature or feature in features)


def holds(scope: str, granted: Collection[str]) -> bool:
    """Whether it was granted: who may write may read, and Shopify then lists only the writing."""
    return scope in granted or scope.replace("read_", "write_") in granted
