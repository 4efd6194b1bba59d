"""A shop that is there gets new credentials: what it refused us until now goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from connectors.base import StoreInfo
from integration.db.queries import cursors, outbox
from integration.db.queries import shops as rows
from integration.db.tables import Connection, Shop
from integration.flows import history
from integration.flows import shops as flow
from integration.flows.services import Services

_STREAMS = ("store", "reading")


def renew(services: Services, shop_id: str, address: str, credentials: Mapping[str, str], info: StoreInfo) -> None:
    """Keep them, with the address and currency that the shop has now, and let everything that waited for it go on."""
    now = services.clock()
    with services.db.writing(shop_id) as session:
        shop = rows.shop(session, shop_id)
        shop.connection_id = _connection(session, services, shop, address, credentials, now).id
        for what, old, new in (("address", shop.address, address), ("currency", shop.currency, info.currency)):
            if old != new:
                history.note(session, shop.id, shop.id, now, "owner", old, new, what)
        shop.address, shop.currency = address, info.currency
        history.note(session, shop.id, shop.id, now, "owner", "", "reconnected")
        release(session, shop.id, now)
    services.store_states.pop(shop_id, None)  # the token of before
    services.wake()


def _connection(
    session: Session, services: Services, shop: Shop, address: str, credentials: Mapping[str, str], now: datetime
) -> Connection:
    """The shop's own connection with these credentials; another one when other shops stay with the old app."""
    connection = rows.connection_of(session, shop)
    old = json.loads(services.vault.open(connection.sealed_credentials))
    alone = len(rows.shops_of(session, connection.id)) == 1
    if not alone and old.get("client_id") != credentials.get("client_id"):
        new = flow.NewShop(shop.name, connection.platform, address, credentials)
        return flow.connection_for(session, services, new, now)
    connection.sealed_credentials = services.vault.seal(json.dumps(dict(credentials)))
    secret = flow.secret_of(connection.platform, credentials)
    if secret and secret != services.vault.open(connection.sealed_webhook_secret):
        # What was signed before the change may still be on its way (Shopify: for an hour, facts 2.4).
        connection.sealed_previous_secret = connection.sealed_webhook_secret
        connection.sealed_webhook_secret = services.vault.seal(secret)
    return connection


def release(session: Session, shop_id: str, now: datetime) -> None:
    """The store lets us in again: what waited for that goes on now."""
    for stream in _STREAMS:
        pause = outbox.pause(session, shop_id, stream)
        if pause is None:
            continue
        for task in outbox.held(session, shop_id, pause.reason):
            task.due_at, task.reason = now, ""
        session.delete(pause)
    for stream in ("changes", "identity"):
        cursor = cursors.find(session, shop_id, stream)
        if cursor is not None:
            cursor.due_at, cursor.reason = now, ""
