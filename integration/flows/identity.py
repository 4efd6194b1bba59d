"""Whether a store still is the one that was connected: another domain or currency stops it, and tells what to do."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from connectors.base import StoreConnector
from integration.db.queries import cursors, outbox, shops
from integration.domain.errors import Refused, SinkError
from integration.flows import pauses
from integration.flows.services import Services
from integration.rules import identity as rules

STREAM = "identity"
EVERY = timedelta(days=1)
_REST = timedelta(hours=1)  # longer than until the next look, which lengthens it or ends it


def doubt(services: Services, shop_id: str, connector: StoreConnector) -> Refused | None:
    """Once a day, and with every look while there is doubt, ask the store who it is; why it is not ours any more.

    A store that does not answer is no other store: whoever reads it next will say what is wrong.
    """
    now = services.clock()
    with services.db.reading() as session:
        cursor = cursors.find(session, shop_id, STREAM)
        if cursor is not None and not cursor.reason and cursor.due_at > now:
            return None
    try:
        told = connector.describe()
    except SinkError:
        return None
    with services.db.writing(shop_id) as session:
        shop = shops.shop(session, shop_id)
        code = rules.change(shop.address, told.home, shop.currency, told.currency)
        values = {"domain": shop.address, "store": told.home, "known": shop.currency, "told": told.currency}
        error = Refused(code, **{name: value[:80] for name, value in values.items()}) if code else None
        _record(session, services, shop_id, error)
    return error


def _record(session: Session, services: Services, shop_id: str, error: Refused | None) -> None:
    now = services.clock()
    cursor = cursors.find(session, shop_id, STREAM) or cursors.begin(session, shop_id, STREAM, now, now)
    if error is not None:
        pauses.begin(session, services, shop_id, "store", error, now, _REST)
    elif cursor.reason:
        settle(session, services, shop_id)
    cursor.reason, cursor.due_at = error.code if error else "", now + EVERY


def settle(session: Session, services: Services, shop_id: str) -> None:
    """It is ours again: what waited for that goes on now."""
    for pause in outbox.pauses(session):
        if pause.shop_id == shop_id and pause.reason in rules.CHANGES:
            session.delete(pause)
    for code in rules.CHANGES:
        for task in outbox.held(session, shop_id, code):
            task.due_at, task.reason = services.clock(), ""
