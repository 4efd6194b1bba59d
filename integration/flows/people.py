"""Who somebody is without saying so: digests of normalised identities."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote

from integration.domain.facts import Order, Person
from integration.rules.compensation import identity_keys

_TELLING = 7  # signs of a phone or an id; fewer would be found in other people's numbers


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


def digests_of(shop_id: str, person: Person) -> tuple[str, ...]:
    """Digests of whatever a store names her by, her mail address first."""
    return tuple(digest(shop_id, key) for key in identity_keys(person.email, person.phone, person.customer_ref))


def names_of(email: str, phone: str = "", customer_ref: str = "") -> tuple[str, ...]:
    """How her names may be written in a text that nobody could read; what is too short to tell her is left out."""
    digits = "".join(sign for sign in phone if sign.isdigit())
    written = [email, quote(email), json.dumps(email)[1:-1].replace("@", "\\u0040")] if "@" in email else []
    written += [text for text in (phone.strip(), digits) if len(digits) >= _TELLING]
    written += [customer_ref] if len(customer_ref) > _TELLING else []
    return tuple(dict.fromkeys(written))
