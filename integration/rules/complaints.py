"""What a complaint gets: a fix by its cause, an extra by cause, order and history; or a person (C4-C6, C18)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from integration.domain.facts import Order
from integration.domain.policy import Cause, Fix, Policy
from integration.rules import compensation
from integration.rules.compensation import Extra, Spent
from integration.rules.delivery import gone

Severity = Literal["urgent", "normal"]

# Beginnings of words in es, en and pt, without accents; a false alarm costs the owner a minute.
_HARM = re.compile(
    r"\b(?:alerg|allerg|intoxic|venen|envenen|poison|toxic|herid|ferid|feriu|injur|lesion|lesao|lesoes|sangr|bleed"
    r"|blood|quei?m[aeo]|burn|incend|fuego\b|fogo\b|(?:on|caught|catch\w*) fire\b|humo\b|fumaca|smoke\b"
    r"|explot|explos|explod|electrocut|eletrocut|descarga electrica|choque eletrico|electric shock|calambr|asfixi"
    r"|sufoc|suffocat|atragant|engasg|chok(?:e|ed|es|ing)\b|hospital|urgencias\b|vomit|enferm|doente|rash\b"
    r"|(?:got |made (?:\w+ ){1,3})sick\b|moho\b|mofo\b|mou?ld\b|peligr|perig|danger|unsafe|hazard|broken glass"
    r"|(?:me|se) cort(?:e|o|ei|ou)\b|cut (?:my|his|her|me|him)(?:self)?\b)"
)
_MEETS: Mapping[str, tuple[Fix, ...]] = {
    "": ("resend", "exchange", "return_label", "refund", "repair", "explanation"),
    "resend": ("resend", "exchange"),
    "exchange": ("exchange", "resend"),
    "refund": ("refund",),
    "repair": ("repair",),
    # Whoever wants nothing but an answer wants a person's.
    "answer": (),
}
_MANY = 2


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint as the rules see it; whoever sent it held the link of the order.

    It has neither score nor door: an extra never follows a score (B9), and form and survey are the same.
    """

    cause: Cause
    wish: str
    text: str
    order: Order


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """What is known of this shopper in this shop, without the case at hand.

    `codes_in_period` by any of her identities; `earlier_failures` are recent cases that were compensated;
    `orders_count` holds the order at hand.
    """

    complaints_90d: int = 0
    codes_in_period: int = 0
    code_on_order: bool = False
    earlier_failures: int = 0
    orders_count: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """A pair of fix and extra (decision 1); `by="person"` decides nothing and says why in `reasons`.

    For a person `fix` and `would_have` are what the policy proposes; else `would_have` is what a dry run kept.
    """

    fix: Fix
    extra: Extra | None
    by: Literal["policy", "person"]
    reasons: tuple[str, ...]
    would_have: Extra | None = None


def severity(cause: str, text: str) -> Severity:
    """Urgent when somebody may be hurt, by cause or by her words in es, en or pt (C4)."""
    return "urgent" if cause == "danger" or _HARM.search(_plain(text)) else "normal"


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def decide(
    case: Case, history: CustomerHistory, policy: Policy, spent: Spent, shop_currency: str, now: datetime
) -> Verdict:
    """The policy's fix and extra, or everything that speaks for a person."""
    fix = _fix(case.cause, policy)
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
    proposal = granted if isinstance(granted, Extra) else granted.would_have
    doubts = _doubts(case, history, fix)
    if proposal and fix == "person":
        # A code alone mends nothing (C6), least of all for somebody we do not know yet (C18).
        doubts += ("extra_without_fix",)
    if isinstance(granted, compensation.Person):
        doubts += (granted.reason,)
    if doubts:
        return Verdict(fix, None, "person", doubts, proposal)
    if isinstance(granted, Extra):
        return Verdict(fix, granted, "policy", ())
    return Verdict(fix, None, "policy", (granted.reason,), proposal)


def _fix(cause: Cause, policy: Policy) -> Fix:
    if cause == "danger":
        return "person"
    fix: Fix = getattr(policy.fixes, cause)
    return fix


def _doubts(case: Case, history: CustomerHistory, fix: Fix) -> tuple[str, ...]:
    order = case.order
    found = {
        "danger": severity(case.cause, case.text) == "urgent",
        # A low score without a cause is a case of this cause: never a code without a person (decision 1).
        "cause_unclear": case.cause == "other",
        "fix_by_person": fix == "person" and case.cause not in ("danger", "other"),
        "other_wish": fix != "person" and fix not in _MEETS.get(case.wish, ()),
        "many_complaints": history.complaints_90d >= _MANY,
        "second_failure": history.earlier_failures > 0,
        "order_worth_nothing": order.total.amount <= 0,
        "address_mismatch": _mismatch(order),
        "order_gone": gone(order) is not None,
    }
    return tuple(code for code, held in found.items() if held)


def _mismatch(order: Order) -> bool:
    shipping, billing = order.shipping.country, order.billing.country
    return bool(shipping and billing and shipping != billing)
