"""Forgetting a person: her words and addresses go, also from codes in the store; amounts and used codes stay."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration import logs
from integration.db.queries import complaints, orders, outbox, privacy, restoring, shops
from integration.db.session import Database
from integration.db.tables import OrderRow, Shop
from integration.flows import erasures, history
from integration.flows.erasures import Erasure
from integration.flows.services import Services
from integration.rules import transitions
from integration.settings import Settings


def erase_order(session: Session, services: Services, shop: Shop, order_ref: str, now: datetime) -> None:
    """Erase the shopper of one order everywhere; links to it stop working except the preferences."""
    row = orders.by_ref(session, shop.id, order_ref)
    if row is None or row.erased_at:
        return
    erasures.note(services.settings, Erasure(shop.id, order_ref, now))
    services.checkpoint("erasure_noted")
    _erase(session, shop, row, now)


def erase_again(db: Database, settings: Settings, now: datetime) -> int:
    """Erase whom the ledger names and an older copy of the database brought back; how many these were.

    An order that the copy does not know yet is kept as an erased one, so that the store's next word of it is ignored.
    """
    noted = {(one.shop, one.order) for one in erasures.noted(settings)}
    if not noted:
        return 0
    with db.writing() as session:
        known = {shop.id: shop for shop in shops.all_shops(session)}
        back = sorted(one for one in noted - restoring.erased_orders(session) if one[0] in known)
        for shop_id, ref in back:
            row = orders.by_ref(session, shop_id, ref) or orders.stub(shop_id, ref, now)
            session.add(row)
            _erase(session, known[shop_id], row, now)
    return len(back)


def _erase(session: Session, shop: Shop, row: OrderRow, now: datetime) -> None:
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
