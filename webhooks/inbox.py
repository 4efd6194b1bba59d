"""The inbox: each kept delivery once, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from sqlmodel import Session

import connectors
from connectors.base import Delivery
from integration.db.outages import is_outage
from integration.db.queries import inbox as rows
from integration.db.queries import orders, shops
from integration.db.session import Database
from integration.db.shared_commit import NewReceipt
from integration.db.tables import Receipt
from integration.domain.errors import BadPayload, PostventaError
from integration.domain.events import Parting, order_ref
from integration.domain.ids import new_id
from integration.flows import alerts, apart, intake
from integration.flows.services import Services
from webhooks.doors import Door

TURN = 50  # how many of one shop before the next one's, so that a flood at one holds up no other
DEATHS = 5  # processes that may die over one delivery before it is taken for their killer
_STEADY: WeakKeyDictionary[Database, set[str]] = WeakKeyDictionary()
"""Shops whose last delivery this process came through: of the next one nobody can have died, so nothing is counted."""
log = logging.getLogger(__name__)


def keep(services: Services, door: Door, delivery: Delivery, body: bytes) -> None:
    """Commit the raw body, unless it is a repeat. Nothing else happens in the request."""
    now = services.clock()
    shop_id = door.shop_of(delivery)
    services.db.inbox.keep(
        NewReceipt(
            id=new_id("receipt", now), connection_id=door.connection_id, shop_id=shop_id, delivery_key=delivery.key,
            topic=delivery.topic[:120], body=body, received_at=now, window=delivery.window,
            state="kept" if shop_id else "ignored", reason="" if shop_id else "unknown_shop",
            sent_at=delivery.sent_at,
        )
    )  # fmt: skip


def drain(services: Services, going: Callable[[], bool] = lambda: True) -> int:
    """Act on every kept delivery, oldest first in each shop; one that fails never holds up the next. How many.

    None any more when `going` says no.
    """
    taken, stuck, trouble = 0, set[str](), apart.Trouble(services)
    while going() and (shops_waiting := [shop_id for shop_id in waiting(services) if shop_id not in stuck]):
        for shop_id in shops_waiting:
            stuck.add(shop_id)
            with trouble.at(f"the inbox of {shop_id} is stuck; it is tried again"):
                taken += take_turn(services, shop_id, going)
                stuck.discard(shop_id)
    trouble.end()
    return taken


def take_turn(services: Services, shop_id: str, going: Callable[[], bool] = lambda: True) -> int:
    """Act on the oldest kept deliveries of one shop, at most `TURN`; how many."""
    turn = 0
    while turn < TURN and going() and _next(services, shop_id):
        turn += 1
    return turn


def waiting(services: Services) -> Sequence[str]:
    """Ids of the shops with deliveries that nobody has acted on."""
    with services.db.reading() as session:
        return rows.shops_with_kept(session)


def _next(services: Services, shop_id: str) -> bool:
    """Act on one delivery, if there is one. Where the last one may have ended its process, count first.

    So it is where it could not even be set aside: after five tries it no longer stands before the others.
    """
    steady = _STEADY.setdefault(services.db, set())
    if shop_id not in steady and not _begin(services, shop_id):
        return False
    steady.discard(shop_id)
    try:
        acted = _act(services, shop_id)
    except Exception as error:
        if is_outage(error):
            steady.add(shop_id)  # we live, and the delivery is not to blame
        raise
    steady.add(shop_id)
    return acted


def _begin(services: Services, shop_id: str) -> bool:
    """Count that a delivery is begun; one that was too often is set aside. False when there is none."""
    with services.db.writing(shop_id) as session:
        receipt = rows.next_kept(session, shop_id)
        if receipt is None:
            return False
        if receipt.begun >= DEATHS:
            log.error("receipt %s ended %s processes", receipt.id, receipt.begun)
            _set_aside(session, services, receipt, "failed", "kills_the_worker")
            receipt.done_at = services.clock()
        else:
            receipt.begun += 1
    return True


def _act(services: Services, shop_id: str) -> bool:
    failed: tuple[str, str] | None = None
    with services.db.writing(shop_id) as session:
        receipt = rows.next_kept(session, shop_id)
        if receipt is None:
            return False
        receipt_id = receipt.id
        try:
            with session.begin_nested():
                receipt.state, receipt.reason = _take(session, services, receipt), ""
        except BadPayload as error:
            failed = ("unreadable", str(error))
        except Exception as error:
            if is_outage(error):
                raise
            if not isinstance(error, PostventaError):
                log.exception("receipt %s failed", receipt_id)
            failed = ("failed", error.code if isinstance(error, PostventaError) else type(error).__name__)
        if failed:
            _set_aside(session, services, receipt, *failed)
        receipt.done_at = services.clock()
        services.checkpoint("receipt_acted")
    services.checkpoint("receipt_taken")
    return True


def _take(session: Session, services: Services, receipt: Receipt) -> str:
    shop = shops.shop(session, receipt.shop_id or "")
    platform = connectors.store(shops.connection_of(session, shop).platform)
    events = platform.parse(receipt.topic, receipt.body, receipt.received_at)
    receipt.order_ref = next(filter(None, map(order_ref, events)), "")
    for event in events:
        intake.handle(session, services, shop, event, services.clock())
    if any(isinstance(event, Parting) for event in events) or orders.is_erased(session, shop.id, receipt.order_ref):
        receipt.body = b""  # it names somebody whom nobody is to know any more
    return "done" if events else "ignored"


def _set_aside(session: Session, services: Services, receipt: Receipt, state: str, reason: str) -> None:
    """Visible and replayable, instead of lost or blocking: the owner hears of it."""
    receipt.state, receipt.reason, receipt.attempts = state, reason[:200], receipt.attempts + 1
    shop = shops.shop(session, receipt.shop_id or "")
    alerts.tell_owner(session, services, shop, f"receipt_{state}", services.clock(), topic=receipt.topic)


def replay(receipt: Receipt) -> None:
    """Have a delivery acted on again; business keys make that harmless."""
    receipt.state, receipt.reason, receipt.done_at, receipt.begun = "kept", "", None, 0
