"""The inbox: each kept delivery once, in order."""

from __future__ import annotations

import logging

from sqlmodel import Session

import connectors
from connectors.base import Delivery
from integration.db.queries import inbox as rows
from integration.db.queries import shops
from integration.db.tables import Connection, Receipt, Shop
from integration.domain.errors import BadPayload, PostventaError
from integration.domain.ids import new_id
from integration.flows import alerts, intake
from integration.flows.services import Services

log = logging.getLogger(__name__)


def keep(services: Services, connection: Connection, delivery: Delivery, body: bytes) -> bool:
    """Commit the raw body; false for a repeat. Nothing else happens in the request."""
    now = services.clock()
    with services.db.writing() as session:
        shop = _shop_of(session, connection, delivery)
        receipt = Receipt(
            id=new_id("receipt", now), connection_id=connection.id, shop_id=shop.id if shop else None,
            delivery_key=delivery.key, topic=delivery.topic[:120], body=body, received_at=now,
            state="kept" if shop else "ignored", reason="" if shop else "unknown_shop",
        )  # fmt: skip
        return rows.keep(session, receipt, delivery.window)


def _shop_of(session: Session, connection: Connection, delivery: Delivery) -> Shop | None:
    known = shops.shops_of(session, connection.id)
    if connectors.store(connection.platform).names_shop:
        return next((shop for shop in known if shop.address.lower() == delivery.shop_ref), None)
    return known[0] if known else None


def drain(services: Services) -> int:
    """Act on every kept delivery, oldest first; one that fails never holds up the next. How many were taken."""
    taken = 0
    while _next(services):
        taken += 1
    return taken


def _next(services: Services) -> bool:
    failed: tuple[str, str] | None = None
    with services.db.writing() as session:
        receipt = rows.next_kept(session)
        if receipt is None:
            return False
        receipt_id = receipt.id
        try:
            with session.begin_nested():
                receipt.state, receipt.reason = _take(session, services, receipt), ""
        except BadPayload as error:
            failed = ("unreadable", str(error))
        except Exception as error:
            if not isinstance(error, PostventaError):
                log.exception("receipt %s failed", receipt_id)
            failed = ("failed", error.code if isinstance(error, PostventaError) else type(error).__name__)
        if failed:
            _set_aside(session, services, receipt, *failed)
        receipt.done_at = services.clock()
    return True


def _take(session: Session, services: Services, receipt: Receipt) -> str:
    shop = shops.shop(session, receipt.shop_id or "")
    platform = connectors.store(shops.connection_of(session, shop).platform)
    events = platform.parse(receipt.topic, receipt.body, receipt.received_at)
    for event in events:
        intake.handle(session, services, shop, event, services.clock())
    return "done" if events else "ignored"


def _set_aside(session: Session, services: Services, receipt: Receipt, state: str, reason: str) -> None:
    """Visible and replayable, instead of lost or blocking: the owner hears of it."""
    receipt.state, receipt.reason, receipt.attempts = state, reason[:200], receipt.attempts + 1
    shop = shops.shop(session, receipt.shop_id or "")
    alerts.tell_owner(session, services, shop, f"receipt_{state}", services.clock(), topic=receipt.topic)


def replay(receipt: Receipt) -> None:
    """Have a delivery acted on again; business keys make that harmless."""
    receipt.state, receipt.reason, receipt.done_at = "kept", "", None
