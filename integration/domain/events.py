"""What a webhook, a poll, a carrier or a person tells us happened, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from integration.domain.facts import Order, Person, Shipment


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """The store's whole view of an order; whether it is delivered is the policy's to say.

    `asked`: the store was asked for it just now, so it is the order as it is; a webhook may be late.
    """

    order: Order
    asked: bool = False


@dataclass(frozen=True, slots=True)
class ShipmentChanged:
    """One parcel's new state, without the rest of the order."""

    order_ref: str
    shipment: Shipment
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class OrderMentioned:
    """Something happened to this order but the message does not say what: read it from the store."""

    order_ref: str


@dataclass(frozen=True, slots=True)
class OrderRemoved:
    """The order was deleted or trashed in the store."""

    order_ref: str


@dataclass(frozen=True, slots=True)
class PersonErased:
    """The store erased the shopper of this order; so do we."""

    order_ref: str


@dataclass(frozen=True, slots=True)
class PersonForgotten:
    """Somebody is to be forgotten in all that is kept of this shop, not in one order alone."""

    person: Person


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """Somebody wants to know what is kept about her; the answer goes to the owner."""

    person: Person


@dataclass(frozen=True, slots=True)
class ShopForgotten:
    """Everybody of this shop is to be forgotten, since it is ours no more; it may be ours again by now."""


@dataclass(frozen=True, slots=True)
class AppUninstalled:
    """The store let us go; it may have taken us back since, as this is often told late."""


@dataclass(frozen=True, slots=True)
class StoreComplained:
    """A signed message that holds an error instead of data: the owner has to look (`code`)."""

    code: str
    detail: str


Parting = PersonErased | PersonForgotten | PersonAsked | ShopForgotten | AppUninstalled
Event = OrderChanged | ShipmentChanged | OrderMentioned | OrderRemoved | Parting | StoreComplained


def order_ref(event: Event) -> str:
    """The store's id of the order that an event is about; empty for one that is about none, or more than one."""
    match event:
        case OrderChanged(order):
            return order.ref
        case ShipmentChanged(ref) | OrderMentioned(ref) | OrderRemoved(ref) | PersonErased(ref):
            return ref
        case _:
            return ""
