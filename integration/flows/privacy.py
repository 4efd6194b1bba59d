"""Forgetting a person: her words and addresses go, also from codes in the store; amounts and used codes stay."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration import logs
from integration.db.queries import complaints, orders, outbox, privacy
from integration.db.tables import Shop
from integration.flows import history
from integration.rules import transitions


def erase_order(session: Session, shop: Shop, order_ref: str, now: datetime) -> None:
    """Erase the shopper of one order everywhere; links to it stop working except the preferences."""
    row = orders.by_ref(session, shop.id, order_ref)
    if row is None or row.erased_at:
        return
    row.facts, row.customer_key, row.erased_at = {}, "", now
    for case in complaints.of_order(session, shop.id, row.id):
        case.text = ""
        privacy.revoke_links(session, shop.id, case.id, now)
    code = complaints.code_of_order(session, shop.id, row.id)
    if code is not None and transitions.allowed("code", code.state, "revoked"):
        outbox.put_task(session, shop.id, "RevokeDiscount", code.id, now)
    privacy.erase_texts(session, shop.id, row.id)
    privacy.revoke_links(session, shop.id, row.id, now)
    history.note(session, shop.id, row.id, now, "store", "", "erased")
    logs.security("erased", shop=shop.id, order=row.id)
