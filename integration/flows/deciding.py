"""Decides a complaint: gathers the facts, asks the rules, and puts the fix, the extra, or the owner to work."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlmodel import Session

from integration.db.queries import complaints as rows
from integration.db.queries import orders, shops
from integration.db.tables import ComplaintRow, OrderRow, Shop
from integration.domain.facts import Order
from integration.domain.money import Money
from integration.domain.policy import Cause, Policy
from integration.flows import codes, history, linking, mails, order_notes
from integration.flows.known import QUARTER
from integration.flows.people import identities
from integration.flows.services import Services
from integration.flows.shops import policy_of, zone_of
from integration.rules import budget_window, transitions
from integration.rules.compensation import Spent
from integration.rules.complaints import Case, CustomerHistory, Verdict, decide

_FIXES_THAT_ARE_WORK = ("resend", "exchange", "return_label", "refund", "repair")


def settle(session: Session, services: Services, shop: Shop, case: ComplaintRow, now: datetime) -> None:
    """Decide in this transaction; the shop is locked, so sums and caps hold under any concurrency (C13)."""
    shop = shops.lock_shop(session, shop.id)
    order_row = orders.get(session, shop.id, case.order_id)
    order = orders.facts(order_row)
    version, policy = policy_of(session, services, shop)
    case.policy_version = version
    verdict = verdict_on(session, shop, case, order_row, order, policy, now)
    case.reasons = " ".join(verdict.reasons)
    if verdict.would_have:
        history.note(session, shop.id, case.id, now, "policy", "", "would_have_given", verdict.would_have.kind)
    if verdict.by == "person":
        hand_to_person(session, services, case, verdict.reasons, now)
        return
    case.fix = verdict.fix
    apply(session, services, shop, case, order_row, order, verdict, "policy", now)


def verdict_on(
    session: Session, shop: Shop, case: ComplaintRow, order_row: OrderRow, order: Order, policy: Policy, now: datetime
) -> Verdict:
    """What the rules say of this case now."""
    facts = Case(cause=cast("Cause", case.cause), wish=case.wish, text=case.text, order=order)
    past = customer_history(session, shop, order_row, order, policy, now, but=case.id)
    currency = shop.currency or order.total.currency
    return decide(facts, past, policy, _spent(session, shop, currency, now), currency, now)


def customer_history(
    session: Session, shop: Shop, order_row: OrderRow, order: Order, policy: Policy, now: datetime, but: str
) -> CustomerHistory:
    """What happened with this person before."""
    recent = rows.of_customer_since(session, shop.id, order_row.customer_key, now - QUARTER)
    period = now - policy.compensation.customer_period
    given = rows.codes_given(session, shop.id, identities(shop.id, order), period)
    return CustomerHistory(
        complaints_90d=sum(1 for one in recent if one.id != but),
        codes_in_period=given,
        code_on_order=rows.code_of_order(session, shop.id, order_row.id) is not None,
        earlier_failures=sum(1 for one in recent if one.id != but and one.extra),
        orders_count=orders.orders_of_customer(session, shop.id, order_row.customer_key),
    )


def _spent(session: Session, shop: Shop, currency: str, now: datetime) -> Spent:
    day, month = (start(now, zone_of(shop)) for start in (budget_window.day_start, budget_window.month_start))
    today, so_far = (rows.spent_minor(session, shop.id, since) for since in (day, month))
    return Spent(Money.of_minor(today, currency), Money.of_minor(so_far, currency))


def apply(
    session: Session,
    services: Services,
    shop: Shop,
    case: ComplaintRow,
    order_row: OrderRow,
    order: Order,
    verdict: Verdict,
    actor: str,
    now: datetime,
) -> None:
    """Put the decided fix and extra to work; the shopper hears of both in one mail."""
    move(session, case, "decided", actor, now, case.fix)
    case.decided_by = actor
    if case.fix in _FIXES_THAT_ARE_WORK:
        linking.give(session, services, shop.id, "o", case.id, now)
        mails.queue(
            session, services, shop, "owner_fix", f"owner_fix:{case.id}", now,
            order_id=order_row.id, complaint_id=case.id,
        )  # fmt: skip
    else:
        case.fixed_at = now
        history.note(session, shop.id, case.id, now, actor, "", "fixed", case.fix)
    if verdict.extra:
        case.extra = verdict.extra.kind
        codes.reserve(session, services, shop, case, order_row, order, verdict.extra, now)
    else:
        tell_decision(session, services, shop, case, now)


def tell_decision(session: Session, services: Services, shop: Shop, case: ComplaintRow, now: datetime) -> None:
    """The shopper hears of the fix by a mail of its own."""
    key = f"decision:{case.id}:{case.fix}"
    mails.queue(session, services, shop, "decision", key, now, order_id=case.order_id, complaint_id=case.id)


def hand_to_person(
    session: Session, services: Services, case: ComplaintRow, reasons: tuple[str, ...], now: datetime
) -> None:
    """The owner decides: she gets a mail with a link to act on."""
    case.reasons = " ".join(dict.fromkeys((*case.reasons.split(), *reasons)))
    if transitions.allowed("complaint", case.state, "in_progress"):
        move(session, case, "in_progress", "policy", now, reasons[0] if reasons else "")
    shop = shops.shop(session, case.shop_id)
    linking.give(session, services, shop.id, "o", case.id, now)
    key = f"owner_case:{case.id}:{'+'.join(reasons)}"
    mails.queue(session, services, shop, "owner_case", key, now, order_id=case.order_id, complaint_id=case.id)


def move(session: Session, case: ComplaintRow, state: str, actor: str, now: datetime, reason: str = "") -> None:
    """One legal step of a complaint, with its line of history."""
    new = transitions.moved("complaint", case.state, state)
    history.note(session, case.shop_id, case.id, now, actor, case.state, new, reason)
    case.state = new
    if new == "closed":
        case.closed_at = now
        order_notes.ask(session, case.shop_id, "closed", case.id, now)
