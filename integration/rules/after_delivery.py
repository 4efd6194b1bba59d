"""Which follow-ups a delivered order gets, when, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from integration.domain.facts import Order
from integration.domain.policy import Policy
from integration.rules.delivery import gone
from integration.rules.hours import moved_into, parse_hours

FollowUpKind = Literal["label", "survey", "survey_reminder"]
LabelStyle = Literal["attach", "link", "none"]
_Dates = list[tuple[FollowUpKind, str, datetime]]


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What the rules need to know of a shop; `locale` is the last word on a mail's language.

    Only what arrives at or after `live_since` gets mails; `None` for a shop without such a day.
    """

    zone: tzinfo
    locale: str = "es"
    has_return_address: bool = True
    live_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of this shopper in this shop.

    `last_survey_at` is her last survey about *another* order, sent or planned. `suppressed_scopes` holds `survey`,
    `marketing` or `all`. `already` are the keys of follow-ups that exist.
    """

    open_complaint: bool = False
    last_survey_at: datetime | None = None
    suppressed_scopes: frozenset[str] = frozenset()
    already: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One mail to come, or the reason why it does not; `key` is unique in the shop."""

    kind: FollowUpKind
    key: str
    due_at: datetime
    state: Literal["planned", "skipped"] = "planned"
    reason: str = ""


def label_style(policy: Policy, *, carrier_charges: bool) -> LabelStyle:
    """Whether the label rides along, is made by a click in the mail, or there is none (decision 11)."""
    if policy.label == "off":
        return "none"
    if policy.label == "on_request" or (policy.label == "auto" and carrier_charges):
        return "link"
    return "attach"


def plan(
    order: Order,
    policy: Policy,
    shop: ShopFacts,
    delivered_at: datetime,
    now: datetime,
    known: History,
    *,
    parcels: tuple[str, ...] = (),
    complete: bool = True,
) -> tuple[FollowUp, ...]:
    """Every follow-up of this delivery that is not known yet, those that will not happen with their reason.

    `parcels` are the ids of the parcels that arrived, for `label_per="shipment"`; `complete` says that none is
    out: before that there is no survey, and no label for the whole order. A delivery in the future is a wrong
    clock and counts as now. One heard of later than `max_age`, or from before the shop went live, gets no mail, by
    whichever door (A9).
    """
    arrived = min(delivered_at, now)
    age = past(policy, shop, arrived, now)
    dates = _label_dates(order, policy, arrived, parcels, complete=complete)
    reasons = {"label": age or _reason("label", order, policy, shop, arrived, known)}
    if complete:
        surveys = _survey_dates(order, policy, shop, arrived)
        reason = age or _reason("survey", order, policy, shop, surveys[0][2], known)
        reasons |= dict.fromkeys(("survey", "survey_reminder"), reason)
        dates += surveys
    return tuple(_follow_up(*date, reasons[date[0]]) for date in dates if date[1] not in known.already)


def past(policy: Policy, shop: ShopFacts, arrived: datetime, now: datetime) -> str | None:
    """Why a delivery is too long ago for any mail; `None` when it is not."""
    if shop.live_since is not None and arrived < shop.live_since:
        return "before_live"
    return "too_old" if policy.max_age is not None and now - arrived > policy.max_age else None


def still_wanted(
    kind: FollowUpKind,
    order: Order,
    policy: Policy,
    shop: ShopFacts,
    now: datetime,
    known: History,
    *,
    answered: bool = False,
    survey_sent: bool = True,
    useless_after: datetime | None = None,
) -> str | None:
    """Why this mail is not sent any more, asked right before it is (A4); `None` when it is.

    The same questions as in `plan`, but `useless_after` instead of the age. `answered`: her survey has a sent
    answer; `survey_sent`: the first mail, of which a reminder reminds, went out.
    """
    if useless_after is not None and now > useless_after:
        return "useless"
    if answered and kind != "label":
        return "already_answered"
    if kind == "survey_reminder" and not survey_sent:
        return "survey_not_sent"
    return _reason(kind, order, policy, shop, now, known)


def _label_dates(
    order: Order, policy: Policy, arrived: datetime, parcels: tuple[str, ...], *, complete: bool
) -> _Dates:
    if policy.label_per == "shipment" and parcels:
        return [("label", f"label:{order.ref}:{parcel}", arrived) for parcel in parcels]
    return [("label", f"label:{order.ref}", arrived)] if complete else []


def _survey_dates(order: Order, policy: Policy, shop: ShopFacts, arrived: datetime) -> _Dates:
    hours = parse_hours(policy.survey_hours)
    first = moved_into(hours, arrived + policy.survey_delay, shop.zone)
    dates: _Dates = [("survey", f"survey:{order.ref}", first)]
    if policy.reminder_delay is not None:
        again = moved_into(hours, first + policy.reminder_delay, shop.zone)
        dates.append(("survey_reminder", f"survey_reminder:{order.ref}", again))
    return dates


def _follow_up(kind: FollowUpKind, key: str, due_at: datetime, reason: str | None) -> FollowUp:
    return FollowUp(kind, key, due_at, "skipped" if reason else "planned", reason or "")


def _reason(
    kind: FollowUpKind, order: Order, policy: Policy, shop: ShopFacts, at: datetime, known: History
) -> str | None:
    if gone(order):
        return gone(order)
    if not order.email.strip():
        return "no_email"
    if known.suppressed_scopes & ({"all"} if kind == "label" else {"all", "survey"}):
        return "suppressed"
    if kind == "label":
        return _no_label(order, policy, shop)
    return _no_survey(kind, order, policy, at, known)


def _no_label(order: Order, policy: Policy, shop: ShopFacts) -> str | None:
    if policy.label == "off":
        return "label_off"
    if order.items and not any(item.physical for item in order.items):
        return "nothing_to_return"
    return None if shop.has_return_address else "no_return_address"


def _no_survey(kind: FollowUpKind, order: Order, policy: Policy, at: datetime, known: History) -> str | None:
    if known.open_complaint:
        return "complaint_open"
    if consent_needed(order, policy) and not _consented(order, known):
        return "consent_required"
    # The reminder belongs to its survey and does not count against the pause (decision 3).
    pause = policy.survey_repeat if kind == "survey" else timedelta()
    if pause and known.last_survey_at and at - known.last_survey_at < pause:
        return "asked_recently"
    return None


def consent_needed(order: Order, policy: Policy) -> bool:
    """Whether her country asks for consent before a survey; an unknown country may be one that does (decision 9)."""
    return bool(policy.consent_required) and order.country.upper() in {"", *policy.consent_required}


def _consented(order: Order, known: History) -> bool:
    # Whoever wants the shop's marketing has agreed to more than a survey, unless she took it back.
    return order.accepts_marketing is True and "marketing" not in known.suppressed_scopes
