"""Facts about orders, parcels and people, in neutral words; what connectors parse payloads into."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from integration.domain.money import Money

OrderState = Literal["open", "shipped", "delivered", "cancelled", "refunded", "draft", "removed"]
ShipmentState = Literal["under_way", "delivered", "returning", "failed", "cancelled"]
Confidence = Literal["carrier", "store", "merchant", "shopper", "assumed"]
_REGION_CODE = re.compile(r"(?:[A-Z]{2}-)?[A-Z0-9]{1,3}")
_WITH_REGION_CODES = frozenset({"AU", "BR", "CA", "IT", "US"})


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as the store gave it; every field may be empty."""

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""  # ISO 3166 alpha-2, upper case

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of an envelope within the country, empty ones left out."""
        town = " ".join(part for part in (self.postcode, self.city) if part)
        parts = (self.name, self.company, self.street, self.street2, town, self._region_line)
        return tuple(part for part in parts if part)

    @property
    def _region_line(self) -> str:
        """Stores hold a code (`M`, `CL-RM`) or a name; a code stands on an envelope only where post works with it."""
        code = _REGION_CODE.fullmatch(self.region) and self.country not in _WITH_REGION_CODES
        return "" if code or self.region == self.city else self.region


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order; `ref` is the platform's line id."""

    ref: str
    name: str
    quantity: int
    price: Money
    sku: str = ""
    physical: bool = True


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel; `ref` is the platform's id of it (a WooCommerce order without tracking has one)."""

    ref: str
    state: ShipmentState = "under_way"
    confidence: Confidence | None = None
    carrier: str = ""
    tracking: str = ""
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its store tells it, at the store's `updated_at`.

    `status` is the platform's own word (`completed`, `delivered`, `fulfilled`), matched by the policy's
    `delivered_when`; `status_at` is when it took it on. `locale` is the platform's word for the shopper's
    language, empty where there is none. `discount_codes` are the codes redeemed with it.
    """

    ref: str
    number: str
    state: OrderState
    status: str
    placed_at: datetime
    updated_at: datetime
    total: Money
    subtotal: Money
    status_at: datetime | None = None
    email: str = ""
    first_name: str = ""
    phone: str = ""
    customer_ref: str = ""
    locale: str = ""
    shipping: Address = field(default_factory=Address)
    billing: Address = field(default_factory=Address)
    items: tuple[Item, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    discount_codes: tuple[str, ...] = ()
    accepts_marketing: bool | None = None

    @property
    def country(self) -> str:
        """Where the law of the shopper is: shipping, else billing country, else empty."""
        return self.shipping.country or self.billing.country


@dataclass(frozen=True, slots=True)
class Person:
    """By what a store names somebody; any field may be empty. `order_refs` are orders that are said to be hers."""

    email: str = ""
    phone: str = ""
    customer_ref: str = ""
    order_refs: tuple[str, ...] = ()
