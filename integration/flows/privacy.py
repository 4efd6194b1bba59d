"""Forgetting a person: her words and addresses go, also from codes in the store; amounts and used codes stay.

Of her mail address the digest stays where it ended mails to her, so that nobody writes to her again (A34).
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration import logs
from integration.db.queries import complaints, orders, outbox, people, privacy, restoring, shops
from integration.db.session import Database
from integration.db.tables import OrderRow, Shop
from integration.domain.facts import Person
from integration.flows import erasures, history
from integration.flows.erasures import Erasure
from integration.flows.people import digests_of, names_of
from integration.flows.services import Services
from integration.rules import transitions
from integration.settings import Settings


def erase_order(session: Session, services: Services, shop: Shop, order_ref: str, now: datetime) -> None:
    """Erase the shopper of one order; links to it stop working except the preferences.

    Not her other orders: stores also empty orders because of their age, and then those that are younger stay.
    """
    row = orders.by_ref(session, shop.id, order_ref)
    if row is None or row.erased_at:
        return
    erasures.note(services.settings, Erasure(shop.id, order_ref, now))
    services.checkpoint("erasure_noted")
    _erase(session, shop, row, now)


def erase_person(session: Session, services: Services, shop: Shop, person: Person, now: datetime) -> int:
    """Erase somebody in every table of a shop; how many orders were hers.

    Orders said to be hers that nobody told us of are kept as erased ones, so that a late word of them is ignored.
    """
    found = list(people.orders_of(session, shop.id, person, digests_of(shop.id, person)))
    known = {row.ref for row in found}
    found += [orders.stub(shop.id, ref, now) for ref in dict.fromkeys(person.order_refs) if ref not in known]
    session.add_all(found)
    session.flush()
    for row in found:
        if row.erased_at is None:
            erasures.note(services.settings, Erasure(shop.id, row.ref, now))
            _erase(session, shop, row, now)
    services.checkpoint("erasure_noted")
    people.empty_what_names_her(session, shop.id, names_of(person.email, person.phone, person.customer_ref))
    return len(found)


def erase_some(session: Session, services: Services, shop: Shop, most: int, now: datetime) -> int:
    """Erase the shoppers of so many orders of a shop; how many were left to erase, `most` when there may be more."""
    people.empty_bodies_of(session, shop.id)  # first, or each order would look through them for her name
    found = people.some_not_erased(session, shop.id, most)
    for row in found:
        erasures.note(services.settings, Erasure(shop.id, row.ref, now))
        _erase(session, shop, row, now)
    return len(found)


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
    people.empty_what_names_her(session, shop.id, names_of(row.facts.get("email", ""), row.facts.get("phone", "")))
    row.facts, row.customer_key, row.erased_at = {}, "", now
    for case in complaints.of_order(session, shop.id, row.id):
        case.text = ""
        privacy.revoke_links(session, shop.id, case.id, now)
    code = complaints.code_of_order(session, shop.id, row.id)
    if code is not None and transitions.allowed("code", code.state, "revoked"):
        outbox.put_task(session, shop.id, "RevokeDiscount", code.id, now)
    privacy.erase_texts(session, shop.id, row.id)
    people.forget_ways(session, shop.id, row.id)
    people.empty_receipts(session, shop.id, [row.ref])
    privacy.revoke_links(session, shop.id, row.id, now)
    history.note(session, shop.id, row.id, now, "store", "", "erased")
    logs.security("erased", shop=shop.id, order=row.id)
