"""Gathers what the rules ask about a shop, an order and a person before they decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlmodel import Session

import connectors
from emails.catalogue import KINDS
from integration.db.queries import complaints, labels, mails, orders
from integration.db.tables import ComplaintRow, OrderRow, Shop
from integration.domain.facts import Order
from integration.domain.policy import Policy
from integration.flows import outbox, reputation
from integration.flows.people import digest
from integration.flows.services import Services
from integration.flows.shops import policy_of, return_address, zone_of
from integration.rules import after_delivery
from integration.rules.compensation import identity_keys
from integration.rules.language import language

QUARTER = timedelta(days=90)


def label_offered(session: Session, services: Services, shop: Shop) -> bool:
    """Whether a shopper who asks for a label can have one: wanted, with an address to go to, and some are left."""
    _, policy = policy_of(session, services, shop)
    kind = connectors.carrier(policy.carrier).capabilities
    left = not kind.needs_stock or labels.stock_left(session, shop.id) > 0
    return policy.label != "off" and bool(return_address(services, shop).street) and left


def language_of(order: Order, shop: Shop) -> str:
    """The shopper's language as far as the order and the shop tell (decision 9)."""
    return language(order.locale, order.country, shop.locale)


def shop_facts(services: Services, shop: Shop) -> after_delivery.ShopFacts:
    """What the rules need to know of the shop; a preview plans as if it were live, `flows.mails` lets nothing out."""
    has_address = bool(return_address(services, shop).street)
    return after_delivery.ShopFacts(
        zone_of(shop), shop.locale, has_return_address=has_address, live_since=shop.live_since
    )


def unwanted(session: Session, services: Services, shop: Shop, row: OrderRow, kind: str, now: datetime) -> str | None:
    """Why this mail about an order is not sent any more, asked right before it is (A4); `None` when it is."""
    if row.erased_at:
        return "erased"
    internal = KINDS[kind].category == "internal"
    scopes = suppressed_scopes(session, shop, orders.facts(row), now) if row.facts and not internal else frozenset()
    if "all" in scopes:  # nothing arrives at her address, answers to her complaints included (A34)
        return "suppressed"
    if kind not in ("label", "survey", "survey_reminder"):
        return None
    if shop.live_since and row.delivered_at and row.delivered_at < shop.live_since:
        return "before_live"
    _, policy = policy_of(session, services, shop)
    ask = _label_still_wanted if kind == "label" else _survey_still_wanted
    return ask(session, services, shop, row, kind, policy, scopes, now)


def _label_still_wanted(
    session: Session, services: Services, shop: Shop, row: OrderRow, kind: str, policy: Policy, scopes: frozenset[str],
    now: datetime,
) -> str | None:  # fmt: skip
    known = after_delivery.History(suppressed_scopes=scopes)
    return after_delivery.still_wanted("label", orders.facts(row), policy, shop_facts(services, shop), now, known)


def _survey_still_wanted(
    session: Session, services: Services, shop: Shop, row: OrderRow, kind: str, policy: Policy, scopes: frozenset[str],
    now: datetime,
) -> str | None:  # fmt: skip
    if reputation.surveys_stand(session, shop.id, now):
        return "surveys_stand"
    if not services.settings.shop.address:
        return "no_sender_address"
    return after_delivery.still_wanted(
        cast("after_delivery.FollowUpKind", kind),
        orders.facts(row),
        policy,
        shop_facts(services, shop),
        now,
        after_delivery.History(
            open_complaint=complaints.is_open(session, shop.id, row.id),
            last_survey_at=mails.last_survey_at(session, shop.id, row.customer_key, row.id),
            suppressed_scopes=scopes,
        ),
        answered=complaints.answer(session, shop.id, row.id) is not None,
        survey_sent=kind == "survey" or _survey_sent(session, row),
    )


def _survey_sent(session: Session, row: OrderRow) -> bool:
    survey = mails.by_key(session, row.shop_id, f"survey:{row.ref}")
    return survey is not None and (survey.state in ("sent", "ambiguous") or survey.reason == "preview")


def suppressed_scopes(session: Session, shop: Shop, order: Order, now: datetime) -> frozenset[str]:
    """What must not be sent to the shopper's address now."""
    address = identity_keys(order.email, "", "")
    return mails.suppressed_scopes(session, shop.id, digest(shop.id, address[0]), now) if address else frozenset()


def history_of(
    session: Session, shop: Shop, row: OrderRow, order: Order, now: datetime, *, past: bool = False, fresh: bool = False
) -> after_delivery.History:
    """What the rules need to know of what happened before with this order and this person.

    Of a delivery that is too long ago for any mail, `past`, only what is planned already matters; of an order that
    has only now been heard of, `fresh`, nothing is.
    """
    if past:
        return after_delivery.History(already=frozenset() if fresh else outbox.known_keys(session, row))
    return after_delivery.History(
        open_complaint=complaints.is_open(session, shop.id, row.id),
        last_survey_at=mails.last_survey_at(session, shop.id, row.customer_key, row.id),
        suppressed_scopes=suppressed_scopes(session, shop, order, now),
        already=outbox.known_keys(session, row),
    )


def earlier_cases(session: Session, row: OrderRow | None, case: ComplaintRow) -> int:
    """How many other complaints the person of this order had within the 90 days before this one."""
    key = row.customer_key if row else ""
    recent = complaints.of_customer_since(session, case.shop_id, key, case.opened_at - QUARTER)
    return sum(1 for one in recent if one.id != case.id and one.opened_at <= case.opened_at)
