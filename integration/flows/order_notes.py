"""Notes on orders in the store: the owner sees there what happened here. No word of a shopper's is in them."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from integration.db.queries import complaints, orders, shops
from integration.db.queries import outbox as tasks
from integration.db.tables import Task
from integration.domain.errors import BadPayload, Permanent
from integration.flows.services import Services
from integration.flows.shops import connector_of, policy_of
from integration.i18n import Words, closest_language

What = Literal["opened", "code", "redeemed", "closed"]
TAG = "postventa"
BEHIND = timedelta(minutes=1)
log = logging.getLogger(__name__)


def ask(session: Session, shop_id: str, what: What, complaint_id: str, now: datetime) -> None:
    """Have it noted on the order of this case, once, and behind whatever a shopper waits for."""
    tasks.put_task(session, shop_id, "NoteOrder", f"{what}:{complaint_id}", now, due_at=now + BEHIND)


def leave(services: Services, task: Task) -> None:
    """Note it if the policy wants notes; a store that takes none is no trouble, nobody was promised them."""
    what, _, complaint_id = task.subject.partition(":")
    with services.db.reading() as session:
        shop = shops.shop(session, task.shop_id)
        case = complaints.get(session, shop.id, complaint_id)
        row = orders.get(session, shop.id, case.order_id)
        if not policy_of(session, services, shop)[1].order_notes or shop.state == "preview" or row.erased_at:
            return
        code = complaints.code_of_order(session, shop.id, row.id)
        connector = connector_of(session, services, shop)
    words = Words(closest_language(shop.locale, default="es"))
    cause = words(f"pages.causes.{case.cause}")
    text = words(f"pages.order_notes.{what}", number=case.number, cause=cause, code=code.code if code else "")
    try:
        refused = connector.note_on_order(row.ref, text, TAG)
    except (Permanent, BadPayload) as error:
        refused = error.code
    if refused:
        log.info("no note on order %s: %s", row.id, refused)
