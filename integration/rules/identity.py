"""Whether a store still is the one that was connected."""

from __future__ import annotations

CHANGES = ("shop_renamed", "currency_changed")


def change(address: str, told_address: str, currency: str, told_currency: str) -> str:
    """The code of what changed, empty for nothing; what either side does not tell cannot have changed."""
    if told_address and address and told_address.lower() != address.lower():
        return "shop_renamed"
    if told_currency and currency and told_currency != currency:
        return "currency_changed"
    return ""
