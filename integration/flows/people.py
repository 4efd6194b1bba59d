"""Who somebody is without saying so: digests of normalised identities."""

from __future__ import annotations

import hashlib

from integration.domain.facts import Order
from integration.rules.compensation import identity_keys


def digest(shop_id: str, identity: str) -> str:
    """A digest that means something in this shop alone."""
    return hashlib.sha256(f"{shop_id}|{identity}".encode("utf-8", "surrogatepass")).hexdigest()


def identities(shop_id: str, order: Order) -> tuple[str, ...]:
    """Digests of everything that names the shopper: mail address, phone, the store's customer id."""
    return tuple(digest(shop_id, key) for key in identity_keys(order.email, order.phone, order.customer_ref))


def customer_key(shop_id: str, order: Order) -> str:
    """One digest to find her other orders by: her mail address, else her phone or account; empty for nobody."""
    keys = identities(shop_id, order)
    return keys[0] if keys else ""
