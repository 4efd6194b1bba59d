"""What a look at a live store means: pure, from what was read to a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields

from integration.domain.facts import Order
from integration.domain.tasks import Discount, DiscountRequest

_NOT_REACHED = frozenset({"unreachable", "no_answer", "store_busy", "throttled", "answer_too_large"})
SAFE = frozenset({"scope", "version", "missing", "problem", "status", "content_type", "withheld", "plugin"})
"""Values of a check that may be shown to strangers: none of them names the shop, or anybody."""


def of_check(ok: bool, params: Mapping[str, str]) -> str:
    """`could_not` where nobody answered, which says nothing of the store."""
    if ok:
        return "ok"
    return "could_not" if params.get("problem") in _NOT_REACHED else "differs"


def shown(params: Mapping[str, str]) -> dict[str, str]:
    """The values of a check that may be shown to strangers."""
    return {name: value for name, value in params.items() if name in SAFE and value}


def differences(one: Order, other: Order) -> list[str]:
    """Names of what two readings of one order tell otherwise."""
    return [each.name for each in fields(Order) if getattr(one, each.name) != getattr(other, each.name)]


def share(n: int, of: int) -> str:
    """All of them is ok, and none of none says nothing."""
    return "could_not" if not of else "ok" if n == of else "differs"


def buyers(orders: Sequence[Order]) -> tuple[str, dict[str, str]]:
    """How many orders can be written to; some at the counter have no address, all without one is a refusal."""
    told = {
        "orders": len(orders),
        "with_email": sum(bool(order.email) for order in orders),
        "with_country": sum(bool(order.country) for order in orders),
    }
    verdict = "could_not" if not orders else "ok" if told["with_email"] else "differs"
    return verdict, {name: str(n) for name, n in told.items()}


def deliveries(orders: Sequence[Order]) -> tuple[str, dict[str, str]]:
    """By what parcels are known to have arrived."""
    parcels = [parcel for order in orders for parcel in order.shipments]
    states: set[str] = {parcel.state for parcel in parcels}
    told = {state: str(sum(parcel.state == state for parcel in parcels)) for state in sorted(states)}
    return ("ok" if "delivered" in states else "could_not"), told


def webhooks(wanted: Collection[str], active: Collection[str]) -> tuple[str, dict[str, str]]:
    """Which of the topics nobody sends."""
    missing = sorted(set(wanted) - set(active))
    return ("differs" if missing else "ok"), {"missing": ", ".join(missing)}


def code(held: Discount | None, asked: DiscountRequest) -> list[str]:
    """Names of the limits that the store does not hold as asked."""
    if held is None:
        return ["code"]
    same = {
        "bound": held.bound,
        "usage_limit": held.usage_limit == 1,
        "expires_at": held.expires_at == asked.expires_at.replace(microsecond=0),
        "used": held.used == 0,
    }
    return [name for name, holds in same.items() if not holds]
