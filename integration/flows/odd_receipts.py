"""Webhooks that nobody could act on: shown with what they said, less people and secrets; acted on again or let go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from integration.db.queries import lists, shops
from integration.db.tables import Receipt
from integration.domain.errors import Conflict
from integration.flows import history
from integration.flows.accounts import Person
from integration.flows.services import Services
from integration.redaction import redact_body

SHOWN, BODY_SHOWN = 100, 2000
ODD = ("unreadable", "failed")


@dataclass(frozen=True, slots=True)
class OddReceipt:
    """One delivery: its topic, why it was set aside, and the beginning of its body, redacted; empty once it is gone."""

    id: str
    shop: str
    topic: str
    state: str
    reason: str
    at: datetime
    body: str


def listed(services: Services, who: Person) -> tuple[OddReceipt, ...]:
    """The newest of her shops."""
    with services.db.reading() as session:
        names = {shop.id: shop.name for shop in shops.all_shops(session)}
        found = lists.odd_receipts(session, who.shops, ODD, SHOWN)
        return tuple(_odd(row, names[row.shop_id or ""]) for row in found)


def _odd(row: Receipt, shop: str) -> OddReceipt:
    said = redact_body(row.body[:BODY_SHOWN].decode("utf-8", "replace"))
    return OddReceipt(row.id, shop, row.topic, row.state, row.reason, row.received_at, said)


def replay(services: Services, who: Person, receipt_id: str) -> None:
    """Act on it again; business keys make a repeat harmless. `Conflict` when it is gone or somebody was faster."""
    _move(services, who, receipt_id, "kept")
    services.wake()


def replay_all(services: Services, who: Person) -> int:
    """All of the list that still says something, as after a fault of ours was mended; how many."""
    replayed = 0
    for one in listed(services, who):
        if one.body:
            with suppress(Conflict):  # somebody was faster
                replay(services, who, one.id)
                replayed += 1
    return replayed


def discard(services: Services, who: Person, receipt_id: str) -> None:
    """Let it go: it is not shown any more; `postventa replay` still finds it."""
    _move(services, who, receipt_id, "ignored")


def _move(services: Services, who: Person, receipt_id: str, state: str) -> None:
    with services.db.writing() as session:
        row = lists.receipt(session, who.shops, receipt_id)
        if row.state not in ODD or (state == "kept" and not row.body):
            raise Conflict("illegal_move", kind="receipt", old=row.state, new=state)
        history.note(session, row.shop_id or "", row.id, services.clock(), "owner", row.state, state, row.reason)
        row.state, row.begun, row.reason = state, 0, "" if state == "kept" else "discarded"
