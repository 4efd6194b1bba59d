"""The file that sets up our app at the shop's platform, with this installation's addresses in it."""

from __future__ import annotations

from urllib.parse import urlsplit

import connectors
from integration.db.queries import shops as rows
from integration.db.tables import Shop
from integration.domain.errors import Misconfigured
from integration.flows import connecting
from integration.flows import shops as flow
from integration.flows.services import Services
from integration.rules import features


def of_shop(services: Services, platform: str, name: str) -> str:
    """That of the app of the shop with this name, or of the only one on the platform, or of one still to be made.

    `Misconfigured("no_domain")` without a public address, `("option_missing")` where a name has to choose,
    `("no_app_file")` for a shop whose app has none.
    """
    public_url = services.settings.server.public_url.rstrip("/")
    if urlsplit(public_url).scheme != "https":
        raise Misconfigured("no_domain", url=public_url)
    shop = _chosen(services, platform, name)
    if shop is None:
        wanted = features.switched_on(services.settings.policy)
        return connectors.store(platform)("", {}, services.http).app_file(public_url, "", wanted)
    with services.db.reading() as session:
        connection = rows.connection_of(session, shop)
        connector = flow.connector_of(session, services, shop)
        wanted = features.switched_on(flow.policy_of(session, services, shop)[1])
    if connection.platform != platform or not connector.credentials.get("client_id"):
        raise Misconfigured("no_app_file", shop=shop.name)
    return connector.app_file(public_url, connecting.webhook_url(services, connection), wanted)


def _chosen(services: Services, platform: str, name: str) -> Shop | None:
    with services.db.reading() as session:
        if name:
            return rows.shop_by_name(session, name)
        found = [one for one in rows.all_shops(session) if rows.connection_of(session, one).platform == platform]
    if len({one.connection_id for one in found}) > 1:
        raise Misconfigured("option_missing", option="SHOP")
    return found[0] if found else None
