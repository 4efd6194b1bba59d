"""Stores on their way to being connected, and whether they reach us."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlmodel import Session, col, select

from integration.db.care_tables import Joining, Ping
from integration.db.session import lock_named
from integration.db.tables import HistoryRow, OrderRow, Receipt


def joining(session: Session, account_id: str, joining_id: str) -> Joining | None:
    """One of hers."""
    return session.exec(select(Joining).where(Joining.id == joining_id, Joining.account_id == account_id)).first()


def by_digest(session: Session, digest: str) -> Joining | None:
    """The one whose word has this digest."""
    return session.exec(select(Joining).where(Joining.digest == digest)).first()


def move(session: Session, joining_id: str, old: str, new: str) -> bool:
    """From one state to the next; false when somebody else was faster."""
    mine = (col(Joining.id) == joining_id, col(Joining.state) == old)
    done = session.execute(update(Joining).where(*mine).values(state=new))
    return cast("CursorResult[Any]", done).rowcount == 1


def done(session: Session, joining_id: str, shop_id: str) -> None:
    """It is connected, and its keys are with the shop."""
    kept = {"state": "done", "shop_id": shop_id, "sealed_credentials": ""}
    session.execute(update(Joining).where(col(Joining.id) == joining_id).values(**kept))


def forget(session: Session, before: datetime) -> None:
    """Those that expired before this go, with the keys that nobody took."""
    session.execute(delete(Joining).where(col(Joining.expires_at) < before))


def pinged(session: Session, connection_id: str, now: datetime) -> None:
    """A store asked whether we are listening."""
    lock_named(session, f"ping:{connection_id}")
    session.merge(Ping(connection_id=connection_id, at=now))


def last_ping(session: Session, connection_id: str) -> datetime | None:
    """When it last did."""
    found = session.get(Ping, connection_id)
    return found.at if found else None


def untold(session: Session, shop_id: str) -> datetime | None:
    """When the order that changed last did so, if that was after webhooks were made and none came since."""
    orders = select(OrderRow.updated_at).where(OrderRow.shop_id == shop_id)
    changed = session.exec(orders.order_by(col(OrderRow.updated_at).desc()).limit(1)).first()
    notes = select(HistoryRow.at).where(HistoryRow.shop_id == shop_id, HistoryRow.to_state == "webhooks_made")
    made = session.exec(notes.order_by(col(HistoryRow.id).desc()).limit(1)).first()
    if changed is None or made is None or changed <= made:
        return None
    came = select(Receipt.id).where(Receipt.shop_id == shop_id, col(Receipt.received_at) >= changed).limit(1)
    return None if session.exec(came).first() else changed
