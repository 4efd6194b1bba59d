"""When an order counts as delivered: by its store's status, by time gone by, or by its last parcel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration.domain.errors import Misconfigured
from integration.domain.facts import Confidence, Order, OrderState, Shipment

_TRIGGER = re.compile(r"([a-z0-9][a-z0-9_-]*)(?:\s*\+\s*(\d{1,3})([dhms]))?")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
# What shops and their plugins call the two steps that core does not have: it arrived, and it was sent.
_ARRIVED = frozenset({"delivered", "entregado", "entregue", "recibido", "recebido"})
_SENT = frozenset({"completed", "shipped", "dispatched", "sent", "enviado", "despachado"})
_ON_THE_WAY = "4d"
_GONE: frozenset[OrderState] = frozenset({"cancelled", "refunded", "removed", "draft"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """An order counts as delivered `delay` after it took on the platform's `status`."""

    status: str
    delay: timedelta


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived then, as far as `confidence` says."""

    at: datetime
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Expected:
    """It will count as delivered then, unless something else is heard of it before."""

    at: datetime


def parse_trigger(text: str) -> Trigger:
    """`delivered` or `completed+4d` (also h, m, s); `Misconfigured("bad_trigger")` for anything else."""
    match = _TRIGGER.fullmatch(text.strip().lower())
    if not match:
        raise Misconfigured("bad_trigger", value=text)
    status, number, unit = match.groups()
    return Trigger(status, int(number) * _UNITS[unit] if number else timedelta())


def propose(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The triggers, as the policy spells them, for a store whose orders of late were in these statuses.

    What says that it arrived counts at once, used or not; what only says that it was sent counts four days later, if
    it is used. A store that uses none of them will use `completed`, which every shop has.
    """
    arrived = sorted(_ARRIVED & counts.keys()) or ["delivered"]
    sent = sorted(status for status in _SENT & counts.keys() if counts[status]) or ["completed"]
    return (*arrived, *(f"{status}+{_ON_THE_WAY}" for status in sent))


def gone(order: Order) -> str | None:
    """Why nothing may follow this order any more, as a reason code; `None` while it stands."""
    return f"order_{order.state}" if order.state in _GONE else None


def delivery_of(order: Order, triggers: Iterable[Trigger], now: datetime) -> Delivered | Expected | None:
    """What the order's status says about its delivery; the soonest of the matching triggers counts.

    A status without a time counts from the order's last change. A time to come, even one that the store
    claims for its status, is only expected. `None` for a status that says nothing, and an order that is gone.
    """
    since = order.status_at or order.updated_at
    delays = [trigger.delay for trigger in triggers if trigger.status == order.status.lower()]
    if gone(order) or not delays:
        return None
    at = _later(since, min(delays))
    if at is None or at > now:
        return Expected(at) if at else None
    return Delivered(at, "assumed" if min(delays) else "store")


def _later(since: datetime, delay: timedelta) -> datetime | None:
    try:
        return since + delay
    except OverflowError:  # a store that says the year 9999
        return None


def last_delivery(shipments: Iterable[Shipment]) -> datetime | None:
    """When the last parcel arrived, `None` while one is out; cancelled parcels are not waited for.

    An arrival whose time nobody told counts as one, and gives the moment only if no other does: `None`.
    """
    awaited = [parcel for parcel in shipments if parcel.state != "cancelled"]
    if any(parcel.state != "delivered" for parcel in awaited):
        return None
    return max((parcel.delivered_at for parcel in awaited if parcel.delivered_at), default=None)
