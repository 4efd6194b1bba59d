"""What the merchant chose; the loader in `integration.settings` checks it and fills the defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal

Cause = Literal["late", "damaged", "wrong_item", "not_as_described", "service", "danger", "other"]
CAUSES: tuple[Cause, ...] = ("late", "damaged", "wrong_item", "not_as_described", "service", "danger", "other")
Fix = Literal["resend", "exchange", "return_label", "refund", "repair", "explanation", "person"]
Wish = Literal["resend", "exchange", "refund", "repair", "answer"]
WISHES: tuple[Wish, ...] = ("resend", "exchange", "refund", "repair", "answer")
ExtraKind = Literal["percent", "fixed", "free_shipping"]
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Compensation:
    """Limits of the small extra; amounts are in the shop's currency."""

    enabled: bool = False
    dry_run: bool = False
    kind: ExtraKind = "percent"
    value: Decimal = Decimal(10)
    per_code_max: Decimal | None = None
    min_subtotal: Decimal | None = None
    expires: timedelta = 60 * DAY
    customer_max: int = 1
    customer_period: timedelta = 180 * DAY
    day_budget: Decimal | None = None
    month_budget: Decimal | None = None
    person_above: Decimal | None = None
    causes: tuple[Cause, ...] = ("late", "damaged", "wrong_item", "not_as_described")


@dataclass(frozen=True, kw_only=True)
class Fixes:
    """The fix per cause when nothing speaks against it; `person` means that the owner decides."""

    late: Fix = "explanation"
    damaged: Fix = "resend"
    wrong_item: Fix = "exchange"
    not_as_described: Fix = "return_label"
    service: Fix = "person"
    other: Fix = "person"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Rules of one shop; `None` in a delay or age means "off"."""

    label: Literal["auto", "with_delivery", "on_request", "off"] = "auto"
    label_per: Literal["order", "shipment"] = "order"
    carrier: str = "own"
    survey_delay: timedelta = 3 * DAY
    survey_hours: str = "09:00-19:00"
    survey_repeat: timedelta = 30 * DAY
    reminder_delay: timedelta | None = 10 * DAY
    survey_expires: timedelta = 45 * DAY
    max_age: timedelta | None = 14 * DAY
    consent_required: tuple[str, ...] = ("DE", "AT")
    promise: str = "5 working days"
    delivered_when: tuple[str, ...] = ("delivered", "completed+4d")
    assume_after: timedelta | None = 10 * DAY
    silent_after: timedelta = 15 * DAY
    order_notes: bool = True
    storefront: bool = False
    fixes: Fixes = field(default_factory=Fixes)
    compensation: Compensation = field(default_factory=Compensation)
