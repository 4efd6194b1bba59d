"""Whether a store reaches us: it is asked to call now, and what it told is held against what was found without it."""

from __future__ import annotations

from datetime import timedelta

from connectors.base import ADVICE, Check, StoreConnector
from integration.db.queries import joinings, shops
from integration.domain.errors import SinkError
from integration.flows import connecting, reach, reconnecting, subscriptions
from integration.flows.services import Services
from integration.flows.shops import connector_of, policy_of, webhook_secrets

_SENT_WITHIN = timedelta(minutes=20)  # a shop's queue runs every minute, and joins what changed within ten


def heard(services: Services, connection_id: str) -> None:
    """A store asked whether we are listening; it had the right address, and signs no such question."""
    with services.db.marking() as session:
        joinings.pinged(session, connection_id, services.clock())


def look(services: Services, shop_id: str, connector: StoreConnector) -> list[Check]:
    """`store_reaches_us` and, where it does, `store_cron`; nothing for a store that cannot be asked to call.

    Neither stops anything: the store is read every quarter of an hour (design 5.6).
    """
    if not subscriptions.reachable(services):
        return []
    with services.db.reading() as session:
        connection = shops.connection_of(session, shops.shop(session, shop_id))
    url, asked_at = connecting.webhook_url(services, connection), services.clock()
    told = {"url": services.settings.server.public_url.rstrip("/")}
    try:
        if not connector.knock(url, webhook_secrets(services, connection)[0]):
            return []
    except SinkError:
        return []  # what is wrong between us and the store is told by its own checks
    with services.db.reading() as session:
        pinged = joinings.last_ping(session, connection.id)
    if pinged is None or pinged < asked_at:
        return [Check("store_reaches_us", False, told | _in_the_way(services), ADVICE)]
    return [Check("store_reaches_us", True, told), *_cron(services, shop_id)]


def _in_the_way(services: Services) -> dict[str, str]:
    """What a call of our own to our public address meets first; nothing when it meets nothing."""
    for finding in reach.look(services):
        if not finding.ok:
            return {name: str(value) for name, value in finding.params.items()} | {"problem": finding.check}
    return {}


def _cron(services: Services, shop_id: str) -> list[Check]:
    """A store that calls when it is asked to, and told nothing of what changed in it since."""
    with services.db.reading() as session:
        changed = joinings.untold(session, shop_id)
    if changed is None or services.clock() - changed < _SENT_WITHIN:
        return []
    return [Check("store_cron", False, {"problem": "dead"}, ADVICE)]


def check(services: Services, shop_id: str) -> list[Check]:
    """Everything between us and the store, both ways; where nothing stands in the way any more, what waited goes on."""
    with services.db.reading() as session:
        shop = shops.shop(session, shop_id)
        connector, policy = connector_of(session, services, shop), policy_of(session, services, shop)[1]
    found = connecting.check(services, shop.name)
    if connecting.blocking(policy, found):
        return found
    found = connecting.remember(services, shop_id, [*found, *look(services, shop_id, connector)])
    with services.db.writing(shop_id) as session:
        reconnecting.release(session, shop_id, services.clock())
    services.wake()
    return found
