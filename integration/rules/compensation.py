"""How much extra the policy may give on its own, and to whom (C13-C17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from integration.domain.facts import Order
from integration.domain.money import Money
from integration.domain.policy import Cause, Compensation, ExtraKind

_LONGEST = timedelta(days=90)
_CEILING = Decimal(150)  # per cent of the goods: beyond it people trust a shop less, not more (Haesevoets 2017)
_SHORTEST_PHONE = 7  # digits; less is a typing error that many share


@dataclass(frozen=True, slots=True)
class Extra:
    """A code to make: `value` is an amount for `fixed`, which a percentage has become, and 0 for `free_shipping`.

    `at_risk` is what it may cost, in the shop's currency: what budgets count.
    """

    kind: ExtraKind
    value: Decimal
    at_risk: Money
    expires_at: datetime
    min_subtotal: Money | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No extra, and that is the policy's last word; `would_have` only in a dry run."""

    reason: str
    would_have: Extra | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """No extra before a person says so; `would_have` is what the policy proposes."""

    reason: str
    would_have: Extra | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What the codes of the shop's day and calendar month put at risk so far, in its currency."""

    day: Money
    month: Money


def limits_set(compensation: Compensation) -> bool:
    """Whether codes may be given without a person at all: switched on, and every limit is set (C17)."""
    return compensation.enabled and _limited(compensation)


def _limited(compensation: Compensation) -> bool:
    return (
        (compensation.value > 0 or compensation.kind == "free_shipping")
        # A percentage, and a freight that nobody knows yet, are amounts only with a cap.
        and (compensation.kind == "fixed" or compensation.per_code_max is not None)
        and (compensation.day_budget is not None or compensation.month_budget is not None)
        and compensation.customer_max > 0
    )


def amount_at_risk(compensation: Compensation, order: Order) -> Money:
    """What one code may cost: its amount, or its percentage of this order's goods, within the limits.

    Limits are `per_code_max` and 150 % of the goods. Free shipping counts as `per_code_max`, since nobody
    knows the freight of a later order.
    """
    currency = order.subtotal.currency
    cap = compensation.per_code_max
    if compensation.kind == "free_shipping":
        return Money.of(cap or 0, currency)
    ceiling = order.subtotal.percent(_CEILING)
    if compensation.kind == "percent":
        amount = order.subtotal.percent(compensation.value)
    else:
        amount = Money.of(compensation.value, currency)
    return min(amount, ceiling, amount if cap is None else Money.of(cap, currency))


def grant(
    compensation: Compensation,
    order: Order,
    cause: Cause,
    *,
    shop_currency: str,
    spent: Spent,
    codes_in_period: int,
    now: datetime,
    has_code: bool = False,
) -> Extra | Refusal | Person:
    """The extra for this cause, or why there is none, or why a person has to look.

    `codes_in_period` are the shopper's codes within `customer_period`, by any of her `identity_keys`;
    `has_code` says that this order has one already. `spent` must be read in the transaction that reserves.
    """
    if reason := _not_given(compensation, cause, has_code=has_code):
        return Refusal(reason)
    if order.subtotal.currency != shop_currency:
        return Person("other_currency")
    extra = _extra(compensation, order, now)
    if extra.at_risk.amount <= 0:
        return Refusal("nothing_to_give")
    if reason := _over_limits(compensation, extra.at_risk, spent, codes_in_period):
        return Person(reason, extra)
    return Refusal("dry_run", extra) if compensation.dry_run else extra


def _not_given(compensation: Compensation, cause: Cause, *, has_code: bool) -> str | None:
    if not (compensation.enabled or compensation.dry_run):
        return "off"
    if not _limited(compensation):
        return "limits_not_set"
    if cause not in compensation.causes:
        return "cause_not_covered"
    return "already_has_code" if has_code else None


def _extra(compensation: Compensation, order: Order, now: datetime) -> Extra:
    at_risk = amount_at_risk(compensation, order)
    # A percentage is the amount that it is of this order: stores cannot cap it, and a later order may be larger (C13).
    free = compensation.kind == "free_shipping"
    kind: ExtraKind = "free_shipping" if free else "fixed"
    value = Decimal(0) if free else at_risk.amount
    lowest = compensation.min_subtotal
    return Extra(
        kind,
        value,
        at_risk,
        now + min(compensation.expires, _LONGEST),
        None if lowest is None else Money.of(lowest, order.subtotal.currency),
    )


def _over_limits(compensation: Compensation, at_risk: Money, spent: Spent, codes_in_period: int) -> str | None:
    if codes_in_period >= compensation.customer_max:
        return "over_customer_max"
    if _above(at_risk, compensation.person_above):
        return "above_person_limit"
    if _above(spent.day + at_risk, compensation.day_budget):
        return "over_day_budget"
    return "over_month_budget" if _above(spent.month + at_risk, compensation.month_budget) else None


def _above(money: Money, limit: Decimal | None) -> bool:
    return limit is not None and money.amount > limit


def offer(compensation: Compensation, order: Order, shop_currency: str, now: datetime) -> Extra | None:
    """What a person may give by hand: the policy's extra, whatever the caps; `None` when the policy has no amounts."""
    if not _limited(compensation) or order.subtotal.currency != shop_currency:
        return None
    extra = _extra(compensation, order, now)
    return extra if extra.value > 0 or extra.kind == "free_shipping" else None


def code_length(*, bound: bool) -> int:
    """Signs of a code out of 30: 53 bits if the store ties it to a person, else 68 (C14)."""
    return 11 if bound else 14


def identity_keys(email: str, phone: str, customer_ref: str) -> tuple[str, ...]:
    """By what one shopper is known again, as `email:…`, `phone:…`, `customer:…`; to be hashed before it is kept."""
    digits = "".join(sign for sign in phone if sign in "0123456789").removeprefix("00")
    keys = (
        f"email:{normal_email(email)}" if "@" in email else "",
        f"phone:{digits}" if len(digits) >= _SHORTEST_PHONE else "",
        f"customer:{customer_ref.strip()}" if customer_ref.strip() else "",
    )
    return tuple(key for key in keys if key)


def normal_email(email: str) -> str:
    """One spelling per mailbox: lower case, no `+tag`, and for Gmail no dots."""
    local, _, domain = email.strip().lower().rpartition("@")
    local = local.split("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"
