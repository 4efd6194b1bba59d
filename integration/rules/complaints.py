"""What a complaint gets: a fix by its cause, an extra by cause, order and history; or a person (C4-C6, C18)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from integration.domain.facts import Order
from integration.domain.policy import Cause, Fix, Policy
from integration.rules import compensation
from integration.rules.compensation import Extra, Spent
from integration.rules.delivery import gone

Severity = Literal["urgent", "normal"]
_DANGER = re.compile(
    r"\b(?:herid|sangr|quemadur|incendi|fuego|humo|explot|explosi|intoxic|alergi|asfixi|electrocut|calambre|hospital"
    r"|urgencias|injur|bleed|blood|burn|fire|smoke|explod|poison|allerg|chok|electric shock|ferid|queimadur|choque"
    r"|incêndi|fumaça|intoxica|engasg)",
    re.IGNORECASE,
)
_WISHES_OF_A_PERSON = ("refund", "repair", "answer")


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint as the rules see it. It has no score: an extra never follows one (B9)."""

    cause: Cause
    wish: str
    text: str
    order: Order


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """What is known of this shopper in this shop, without the case at hand.

    `codes_in_period` by any of her identities; `earlier_failures` are recent cases that were compensated;
    `hurried` says that many cases came from her network at once.
    """

    complaints_90d: int = 0
    codes_in_period: int = 0
    code_on_order: bool = False
    earlier_failures: int = 0
    orders_count: int = 1
    hurried: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A pair of fix and extra (decision 1); `by="person"` decides nothing and says why in `reasons`."""

    fix: Fix
    extra: Extra | None
    by: Literal["policy", "person"]
    reasons: tuple[str, ...]
    would_have: Extra | None = None


def severity(cause: str, text: str) -> Severity:
    """Urgent when somebody may be hurt, by cause or by her words in es, en or pt (C4)."""
    return "urgent" if cause == "danger" or _DANGER.search(text) else "normal"


def decide(
    case: Case, history: CustomerHistory, policy: Policy, spent: Spent, shop_currency: str, now: datetime
) -> Verdict:
    """The policy's fix and extra, or everything that speaks for a person."""
    fix = _fix(case.cause, policy)
    doubts = _doubts(case, history, fix)
    granted = compensation.grant(
        policy.compensation,
        case.order,
        case.cause,
        shop_currency=shop_currency,
        spent=spent,
        codes_in_period=history.codes_in_period,
        now=now,
        has_code=history.code_on_order,
    )
    if isinstance(granted, compensation.Person):
        doubts += (granted.reason,)
    extra = granted if isinstance(granted, Extra) else None
    would_have = None if isinstance(granted, Extra) else granted.would_have
    if doubts:
        return Verdict(fix, None, "person", doubts, extra or would_have)
    reasons = (granted.reason,) if isinstance(granted, compensation.Refusal) else ()
    return Verdict(fix, extra, "policy", reasons, would_have)


def _fix(cause: Cause, policy: Policy) -> Fix:
    if cause == "danger":
        return "person"
    fix: Fix = getattr(policy.fixes, cause)
    return fix


def _doubts(case: Case, history: CustomerHistory, fix: Fix) -> tuple[str, ...]:
    order = case.order
    found = {
        "danger": severity(case.cause, case.text) == "urgent",
        "fix_by_person": fix == "person" and case.cause != "danger",
        "other_wish": case.wish in _WISHES_OF_A_PERSON or (case.wish != "" and case.wish != fix),
        "many_complaints": history.complaints_90d >= 2,
        "second_failure": history.earlier_failures > 0,
        "order_worth_nothing": order.total.amount <= 0,
        "address_mismatch": _mismatch(order),
        "hurried": history.hurried,
        "order_gone": gone(order) is not None,
    }
    return tuple(code for code, held in found.items() if held)


def _mismatch(order: Order) -> bool:
    shipping, billing = order.shipping.country, order.billing.country
    return bool(shipping and billing and shipping != billing)
