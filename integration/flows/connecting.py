"""Connecting a store: check it, learn its currency, zone and address, keep it; pausing and going live."""

from __future__ import annotations

from typing import Literal

from sqlmodel import Session

import connectors
from connectors.base import Check
from integration.db.facts import dump_address
from integration.db.queries import outbox
from integration.db.queries import shops as rows
from integration.db.tables import Connection, Shop
from integration.domain.errors import Permanent, SinkError
from integration.flows import going_live, history
from integration.flows import shops as flow
from integration.flows.services import Services
from integration.i18n import closest_language
from integration.rules import features


def add(services: Services, new: flow.NewShop, *, check: bool) -> tuple[Shop, Connection, str]:
    """Keep a new shop; with `check` only when every check holds, else `Permanent("check_failed")` names the first."""
    info = None
    if check:
        connector = connectors.store(new.platform)(new.address, new.credentials, services.http)
        policy = services.settings.policy
        failed = [one for one in connector.check() if not one.ok and features.blocks(one.feature, policy)]
        if failed:
            raise Permanent("check_failed", check=failed[0].code, **failed[0].params)
        info = connector.describe()
    with services.db.writing() as session:
        shop, connection, secret = flow.add(session, services, new, services.clock())
        if info is not None:
            shop.currency, shop.return_address = info.currency, dump_address(info.address)
            shop.zone = info.zone or shop.zone
            shop.locale = closest_language(info.locale, default=shop.locale)
        shop.checked_at = services.clock() if check else None
        return shop, connection, secret


def webhook_url(services: Services, connection: Connection) -> str:
    """Where the platform sends to."""
    base = services.settings.server.public_url.rstrip("/")
    return f"{base}/webhooks/{connection.platform}/{connection.key}"


def topics(services: Services, shop: Shop) -> tuple[str, ...]:
    """What the platform must send us."""
    with services.db.reading() as session:
        return flow.connector_of(session, services, shop).webhook_topics()


def check(services: Services, name: str) -> list[Check]:
    """Look at everything between us and the store; a store that does not answer is a failed check, too."""
    with services.db.reading() as session:
        shop = rows.shop_by_name(session, name)
        connector, policy = flow.connector_of(session, services, shop), flow.policy_of(session, services, shop)[1]
    try:
        found = [one for one in connector.check() if features.counts(one.feature, policy)]
    except SinkError as error:
        found = [Check(error.code, ok=False, params={key: str(value) for key, value in error.params.items()})]
    with services.db.writing() as session:
        shop = rows.shop_by_name(session, name)
        shop.checked_at, shop.check_failed = services.clock(), " ".join(one.code for one in found if not one.ok)
    return found


def set_state(services: Services, name: str, state: Literal["live", "paused"]) -> None:
    """Pause a shop or let it go on; what waited meanwhile becomes due at once. A preview that is paused stays one."""
    now = services.clock()
    with services.db.writing() as session:
        shop = rows.shop_by_name(session, name)
        if shop.state == state or (shop.state, state) == ("preview", "paused"):
            return
        if shop.state == "preview":
            going_live.begin(session, shop, now)
        history.note(session, shop.id, shop.id, now, "owner", shop.state, state)
        shop.state = state
        if state == "live":
            _release(session, shop, services)
    services.wake()


def _release(session: Session, shop: Shop, services: Services) -> None:
    for task in outbox.held(session, shop.id, "shop_paused"):
        task.due_at, task.reason = services.clock(), ""
