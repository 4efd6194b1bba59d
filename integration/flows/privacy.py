"""Forgetting a person: her words and addresses go, the amounts and codes stay."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.queries import complaints, orders, privacy
from integration.db.tables import Shop
from integration.flows import history


def erase_order(session: Session, shop: Shop, order_ref: str, now: datetime) -> None:
    """Erase the shopper of one order everywhere; links to it stop working except the preferences."""
    row = orders.by_ref(session, shop.id, order_ref)
    if row is None or row.erased_at:
        return
    row.facts, row.customer_key, row.erased_at = {}, "", now
    for case in complaints.of_order(session, shop.id, row.id):
        case.text = ""
    privacy.erase_texts(session, shop.id, row.id)
    privacy.revoke_links(session, shop.id, row.id, now)
    history.note(session, shop.id, row.id, now, "store", "", "erased")
