"""Connecting a store: check it, learn its currency, zone and address, keep it; pausing and going live."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from sqlmodel import Session

import connectors
from connectors.base import ADVICE, Check, StoreConnector, StoreInfo
from integration.db.facts import dump_address
from integration.db.queries import outbox
from integration.db.queries import shops as rows
from integration.db.tables import Connection, Shop
from integration.domain.errors import Permanent, SinkError
from integration.domain.policy import Policy
from integration.flows import going_live, history
from integration.flows import shops as flow
from integration.flows.services import Services
from integration.i18n import closest_language
from integration.rules import features


def add(services: Services, new: flow.NewShop, *, check: bool) -> tuple[Shop, Connection, str]:
    """Keep a new shop; with `check` only when every check holds, else `Permanent("check_failed")` names the first."""
    if not check:
        return keep(services, new, None)
    connector = connectors.store(new.platform)(new.address, new.credentials, services.http)
    found = connector.check()
    if failed := blocking(services.settings.policy, found):
        raise Permanent("check_failed", check=failed[0].code, **failed[0].params)
    new = replace(new, credentials=with_lasting(connector, new.credentials))
    kept = keep(services, new, connector.describe())
    remember(services, kept[0].id, found)
    return kept


def with_lasting(connector: StoreConnector, credentials: Mapping[str, str]) -> dict[str, str]:
    """The credentials, and what was found out of how the store takes them."""
    found = {name: connector.state[name] for name in connector.lasting if name in connector.state}
    return {**credentials, **found}


def blocking(policy: Policy, found: Iterable[Check]) -> list[Check]:
    """Those that failed and without which a shop cannot be connected."""
    return [one for one in found if not one.ok and features.blocks(one.feature, policy)]


def keep(services: Services, new: flow.NewShop, info: StoreInfo | None) -> tuple[Shop, Connection, str]:
    """Keep a new shop with what it said of itself, `None` for one that was not asked."""
    with services.db.writing() as session:
        shop, connection, secret = flow.add(session, services, new, services.clock())
        if info is not None:
            shop.currency, shop.return_address = info.currency, dump_address(info.address)
            shop.zone = info.zone or shop.zone
            shop.locale = closest_language(info.locale, default=shop.locale)
        shop.checked_at = services.clock() if info else None
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
        connector = flow.connector_of(session, services, shop)
    try:
        found = connector.check()
    except SinkError as error:
        found = [failure(error)]
    return remember(services, shop.id, found)


def failure(error: SinkError) -> Check:
    """What went wrong, as a check that failed."""
    return Check(error.code, ok=False, params={key: str(value) for key, value in error.params.items()})


def remember(services: Services, shop_id: str, found: Iterable[Check]) -> list[Check]:
    """Keep what failed, for whoever looks at the shop later; the checks that count by its policy."""
    with services.db.writing() as session:
        shop = rows.shop(session, shop_id)
        policy = flow.policy_of(session, services, shop)[1]
        counted = [one for one in found if features.counts(one.feature, policy)]
        shop.checked_at, shop.check_failed = services.clock(), _dumped(counted)
    return counted


def complained(shop: Shop, code: str) -> None:
    """What the store itself complained of stands on the shop's page until the next check."""
    others = [one for one in failed_checks(shop) if one.code != code]
    shop.check_failed = _dumped([*others, Check(code, False, {})])


def _dumped(found: Iterable[Check]) -> str:
    failed = [[one.code, dict(one.params), one.feature] for one in found if not one.ok]
    return json.dumps(failed) if failed else ""


def failed_checks(shop: Shop) -> tuple[Check, ...]:
    """The checks that failed at `checked_at`."""
    return tuple(Check(code, False, params, feature) for code, params, feature in json.loads(shop.check_failed or "[]"))


def in_trouble(shop: Shop) -> bool:
    """Whether something failed that is more than good to know."""
    return any(one.feature != ADVICE for one in failed_checks(shop))


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
