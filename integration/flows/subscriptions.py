"""The store's webhooks: looked at with every look, made anew when the store gave up, and told with what was missed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from connectors.base import StoreConnector
from integration.db.care_tables import Cursor
from integration.db.queries import cursors, shops
from integration.db.tables import Shop
from integration.domain.errors import SinkError, Temporary
from integration.flows import alerts, history
from integration.flows.connecting import webhook_url
from integration.flows.services import Services
from integration.flows.shops import webhook_secrets

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Healed:
    """Topics that were made; whether all webhooks are there now, as far as can be told; what went wrong."""

    made: tuple[str, ...] = ()
    whole: bool = False
    problem: SinkError | None = None


def heal(services: Services, shop_id: str, connector: StoreConnector, cursor: Cursor, *, anyhow: bool) -> Healed:
    """Make what lacks. What cannot be made stops nothing else."""
    if not reachable(services) or cursor.reason:
        return Healed()  # after a look that failed, what the store grants us goes into reading
    with services.db.reading() as session:
        connection = shops.connection_of(session, shops.shop(session, shop_id))
    url, secret = webhook_url(services, connection), webhook_secrets(services, connection)[0]
    try:
        there = any(one.url == url for one in connector.subscriptions())
        if not (connector.capabilities.lists_every_webhook or there or cursor.made_hooks or anyhow):
            return Healed()  # they may stand in the app's configuration; others beside them would double everything
        made = connector.heal_subscriptions(url, secret)
    except SinkError as error:
        log.info("webhooks of shop %s: %s", shop_id, error)
        return Healed(problem=error)
    _keep(services, shop_id, made, known=there or bool(made))
    return Healed(made, whole=True)


def begin(services: Services, shop_id: str, connector: StoreConnector) -> Healed:
    """Make them for a shop that was connected just now, before its first look."""
    now = services.clock()
    with services.db.writing(shop_id) as session:
        cursor = cursors.find(session, shop_id, "changes") or cursors.begin(session, shop_id, "changes", now, now)
    return heal(services, shop_id, connector, cursor, anyhow=True)


def reachable(services: Services) -> bool:
    """Whether a store could send to us at all; without a public address it is only read."""
    return services.settings.server.public_url.startswith("https://") or services.settings.http.allow_private_hosts


def _keep(services: Services, shop_id: str, made: tuple[str, ...], *, known: bool) -> None:
    now = services.clock()
    with services.db.writing(shop_id) as session:
        cursor = cursors.get(session, shop_id, "changes")
        cursor.made_hooks = cursor.made_hooks or known
        if made:
            history.note(session, shop_id, shop_id, now, "system", "", "webhooks_made", ", ".join(made))
            healed = [*filter(None, cursor.healed.split(", ")), *made]
            cursor.healed = ", ".join(dict.fromkeys(healed)) if cursor.whole_at else ""


def tell(session: Session, services: Services, shop: Shop, cursor: Cursor, healed: Healed, now: datetime) -> None:
    """After a whole look: what was made anew, and how much was found without it. The first time is no news."""
    if healed.problem is not None and not isinstance(healed.problem, Temporary):
        alerts.tell_owner(session, services, shop, "webhooks_not_made", now, why=healed.problem.code)
    if cursor.healed:
        params = {"topics": cursor.healed, "missed": cursor.missed}
        alerts.tell_owner(session, services, shop, "webhooks_healed", now, **params)
        cursor.healed, cursor.missed = "", 0
    if healed.whole:
        cursor.whole_at, cursor.missed = now, 0
