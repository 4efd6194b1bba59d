"""Whether our codes were used: told by later orders, taken back when such an order is cancelled (C16)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.queries import complaints
from integration.db.queries.history import of_subject
from integration.db.tables import CodeRow, Shop
from integration.domain.facts import Order
from integration.flows import history, order_notes
from integration.rules import redemption, transitions


def note(session: Session, shop: Shop, order: Order, now: datetime) -> None:
    """What this order says about our codes; one code is used by one order, the first that names it."""
    back = redemption.given_back(order.state)
    for code in complaints.codes_named(session, shop.id, order.discount_codes):
        if not redemption.redeemed(order.discount_codes, code.code):
            continue
        if back:
            give_back(session, shop, code, order.ref, now)
        elif transitions.allowed("code", code.state, "redeemed"):
            history.note(session, shop.id, code.id, now, "store", code.state, "redeemed")
            code.state, code.used_by = "redeemed", order.ref
            order_notes.ask(session, shop.id, "redeemed", code.complaint_id, now)


def used_at(session: Session, code: CodeRow) -> datetime | None:
    """When the order that used it was heard of; `None` for a code that is not used."""
    lines = of_subject(session, code.shop_id, code.id) if code.used_by else ()
    return next((line.at for line in reversed(lines) if line.to_state == "redeemed"), None)


def give_back(session: Session, shop: Shop, code: CodeRow, order_ref: str, now: datetime) -> None:
    """The order that used it is no more: it can be used again, unless its day is over or it had been taken back."""
    if code.used_by != order_ref:
        return
    before = next(
        line.from_state for line in reversed(of_subject(session, shop.id, code.id)) if line.to_state == "redeemed"
    )
    usable = before != "revoked" and now < code.expires_at
    state = transitions.moved("code", code.state, "mailed" if usable else "expired")
    history.note(session, shop.id, code.id, now, "store", code.state, state, "order_cancelled")
    code.state, code.used_by = state, ""
