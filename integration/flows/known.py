"""Gathers what the rules ask about a shop, an order and a person before they decide."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlmodel import Session

from integration.db.queries import complaints, mails, orders
from integration.db.tables import OrderRow, Shop
from integration.domain.facts import Order
from integration.flows import outbox
from integration.flows.people import digest
from integration.flows.services import Services
from integration.flows.shops import policy_of, return_address, zone_of
from integration.rules import after_delivery
from integration.rules.compensation import identity_keys
from integration.rules.language import language


def language_of(order: Order, shop: Shop) -> str:
    """The shopper's language as far as the order and the shop tell (decision 9)."""
    return language(order.locale, order.country, shop.locale)


def shop_facts(services: Services, shop: Shop) -> after_delivery.ShopFacts:
    """What the rules need to know of the shop."""
    has_address = bool(return_address(services, shop).street)
    return after_delivery.ShopFacts(zone_of(shop), shop.locale, shop.state != "preview", has_address)


def unwanted(session: Session, services: Services, shop: Shop, row: OrderRow, kind: str, now: datetime) -> str | None:
    """Why this mail about an order is not sent any more, asked right before it is (A4); `None` when it is."""
    if row.erased_at:
        return "erased"
    if kind not in ("label", "survey", "survey_reminder"):
        return None
    if kind != "label" and not services.settings.shop.address:
        return "no_sender_address"
    order = orders.facts(row)
    _, policy = policy_of(session, services, shop)
    survey = mails.by_key(session, shop.id, f"survey:{row.ref}")
    return after_delivery.still_wanted(
        cast("after_delivery.FollowUpKind", kind),
        order,
        policy,
        shop_facts(services, shop),
        now,
        history_of(session, shop, row, order),
        answered=complaints.answer(session, shop.id, row.id) is not None,
        survey_sent=survey is not None and survey.state in ("sent", "ambiguous"),
    )


def history_of(session: Session, shop: Shop, row: OrderRow, order: Order) -> after_delivery.History:
    """What the rules need to know of what happened before with this order and this person."""
    address = identity_keys(order.email, "", "")
    scopes = mails.suppressed_scopes(session, shop.id, digest(shop.id, address[0])) if address else frozenset()
    opened = any(case.state != "closed" for case in complaints.of_order(session, shop.id, row.id))
    return after_delivery.History(
        open_complaint=opened,
        last_survey_at=mails.last_survey_at(session, shop.id, row.customer_key, row.id),
        suppressed_scopes=scopes,
        consent=order.accepts_marketing,
        already=outbox.known_keys(session, row),
    )
