"""The store's webhooks: looked at with every look, made anew when the store gave up, and told with what was missed."""

from __future__ import annotations

import logging
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


def heal(
    services: Services, shop_id: str, connector: StoreConnector, cursor: Cursor, *, anyhow: bool
) -> tuple[str, ...] | None:
    """Make what lacks; the topics that were made, `None` when nobody can tell whether all are there.

    What cannot be made is told to the owner and stops nothing else.
    """
    if not reachable(services):
        return None
    with services.db.reading() as session:
        connection = shops.connection_of(session, shops.shop(session, shop_id))
    url, secret = webhook_url(services, connection), webhook_secrets(services, connection)[0]
    try:
        there = any(one.url == url for one in connector.subscriptions())
        if not (connector.capabilities.lists_every_webhook or there or cursor.made_hooks or anyhow):
            return None  # they may stand in the app's configuration; others beside them would double every delivery
        made = connector.heal_subscriptions(url, secret)
    except Temporary:
        return None
    except SinkError as error:
        _tell_not_made(services, shop_id, error)
        return None
    _keep(services, shop_id, made, known=there or bool(made))
    return made


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


def tell(session: Session, services: Services, shop: Shop, cursor: Cursor, now: datetime) -> None:
    """After a whole look: what was made anew, and how much was found without it. The first time is no news."""
    if cursor.healed:
        params = {"topics": cursor.healed, "missed": cursor.missed}
        alerts.tell_owner(session, services, shop, "webhooks_healed", now, **params)
    cursor.whole_at, cursor.missed, cursor.healed = now, 0, ""


def _tell_not_made(services: Services, shop_id: str, error: SinkError) -> None:
    log.warning("webhooks of shop %s: %s", shop_id, error)
    with services.db.writing(shop_id) as session:
        shop = shops.shop(session, shop_id)
        now = services.clock()
        alerts.tell_owner(session, services, shop, "webhooks_not_made", now, why=error.code)
