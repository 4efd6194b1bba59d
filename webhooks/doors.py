"""What a webhook is checked against, remembered for some seconds, so that keeping one costs a single transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import connectors
from connectors.base import Delivery, StoreConnector
from integration.db.queries import shops
from integration.domain.errors import BadSignature
from integration.flows.services import Services
from integration.flows.shops import webhook_secrets

REMEMBERED = timedelta(seconds=10)  # how long a secret that was taken away, maybe by another process, still opens


@dataclass(frozen=True, slots=True)
class Door:
    """A connection as it was at `seen_at`: its platform's rules, the secrets that sign, its shops by address."""

    connection_id: str
    platform: type[StoreConnector]
    secrets: tuple[str, ...]
    shops: dict[str, str]
    seen_at: datetime

    def shop_of(self, delivery: Delivery) -> str | None:
        """The id of the shop that a delivery is about; `None` for one that is not ours."""
        if self.platform.names_shop:
            return self.shops.get(delivery.shop_ref)
        return next(iter(self.shops.values()), None)


class Doors:
    """The doors of this process, by platform and key. What a remembered one does not admit is tried at a fresh one."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[tuple[str, str], Door] = {}

    def admit(self, platform: str, key: str, headers: Mapping[str, str], body: bytes) -> tuple[Door, Delivery] | None:
        """The door and the verified delivery; `None` where there is no door. `BadSignature`, `BadPayload`."""
        door = self._known.get((platform, key))
        if door and abs(self._services.clock() - door.seen_at) <= REMEMBERED:
            with suppress(BadSignature):
                delivery = door.platform.verify(headers, body, door.secrets)
                if delivery.ping or door.shop_of(delivery):
                    return door, delivery
        fresh = self._open(platform, key)
        return (fresh, fresh.platform.verify(headers, body, fresh.secrets)) if fresh else None

    def _open(self, platform: str, key: str) -> Door | None:
        services = self._services
        with services.db.reading() as session:
            connection = shops.connection_by_key(session, platform, key)
            known = shops.shops_of(session, connection.id) if connection else ()
        if connection is None:
            self._known.pop((platform, key), None)
            return None
        by_address = {shop.address.lower(): shop.id for shop in known}
        secrets = tuple(webhook_secrets(services, connection))
        door = Door(connection.id, connectors.store(platform), secrets, by_address, services.clock())
        self._known[platform, key] = door
        return door
