"""The help page that a shop shows on its own domain: whose it is, when the shop itself passes the visit on."""

from __future__ import annotations

from dataclasses import dataclass

import connectors
from integration.db.queries import shops as rows
from integration.domain.errors import BadSignature, NotFound
from integration.flows import lost_links
from integration.flows.services import Services
from integration.flows.shops import policy_of, webhook_secrets


@dataclass(frozen=True, slots=True)
class Storefront:
    """The shop whose page it is, its language, and where who lost her mail has its links sent again."""

    shop_name: str
    locale: str
    lost_url: str


def opened(services: Services, platform: str, key: str, query: str) -> Storefront:
    """The shop that signed this raw query; `NotFound` for every other caller and where the owner shows no page."""
    with services.db.reading() as session:
        connection = rows.connection_by_key(session, platform, key)
        if connection is None:
            raise NotFound("no_link")
        try:
            secrets = webhook_secrets(services, connection)
            address = connectors.store(platform).storefront(query, secrets, services.clock())
        except BadSignature as error:
            raise NotFound("no_link") from error
        for shop in rows.shops_of(session, connection.id):
            if shop.address.lower() == address and policy_of(session, services, shop)[1].storefront:
                return Storefront(shop.name, shop.locale, lost_links.url(services, shop.id))
        raise NotFound("no_link")
