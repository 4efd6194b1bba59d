"""Starts everything the demo needs in a folder of its own: stores, service, worker, shops; and ends it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from integration.app import build_services, create_app
from integration.clock import system_clock
from integration.db.queries import inbox, outbox
from integration.db.queries import shops as rows
from integration.demo.pages import WORLD, pages
from integration.demo.serving import Serving
from integration.demo.sides import ShopifySide, Side, WooCommerceSide
from integration.flows import connecting
from integration.flows.services import Services
from integration.settings import Settings, settings_from
from integration.vault import write_key_file
from integration.worker.embedded import Embedded

CONFIG: dict[str, Any] = {
    "http": {"allow_private_hosts": True, "read_timeout": 10},
    "mail": {"transport": "folder", "folder": "outbox"},
    "worker": {"poll": "1s"},
    "shop": {
        "legal_name": "Mia Moda S. L.",
        "address": "Calle Mayor 1, 28013 Madrid, ES",
        "from": "Mia Moda <hola@mia.example>",
        "reply_to": "hola@mia.example",
        "owner": "mia@mia.example",
        "zone": "Europe/Madrid",
        "locale": "es",
    },
    "contact": {
        "name": "Mia", "hours": "09:00-18:00", "phone": "+34 600 000 001", "whatsapp": "+34600000001",
        "mail": "hola@mia.example",
    },
    "policy": {
        "survey_delay": "0s",
        "survey_hours": "always",
        "survey_repeat": "0s",
        "compensation": {
            "enabled": True, "kind": "percent", "value": 10, "per_code_max": 15, "min_subtotal": 20,
            "expires": "60d", "customer_max": 1, "day_budget": 100, "month_budget": 500,
        },
    },
}  # fmt: skip


SAMPLE_BUYERS: tuple[dict[str, str], ...] = (
    {"email": "lucia@example.com", "first_name": "Lucía", "country": "ES", "phone": "+34600000101"},
    {"email": "emma@example.com", "first_name": "Emma", "country": "GB", "phone": "+447700900102"},
    {"email": "joao@example.com", "first_name": "João", "country": "BR", "phone": "+5511900000103"},
)


class World:
    """Two sample shops and the service; `start`, then `stop`."""

    def __init__(self, folder: Path, port: int = 0, survey_delay: timedelta = timedelta()) -> None:
        self.folder = folder
        self.sides: tuple[Side, ...] = (WooCommerceSide(system_clock), ShopifySide(system_clock))
        self._worker = Embedded(1)
        self._server = Serving(port)
        self._survey_delay = survey_delay
        self.services: Services

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def outbox(self) -> Path:
        """Where the mails are."""
        return self.folder / "outbox"

    def start(self) -> None:
        """Everything up, both shops connected and checked."""
        write_key_file(self.folder / "postventa.key")
        self.services = build_services(self._settings(), wake=self._worker.wake)
        self._server.start(self._application())
        for side in self.sides:
            self._connect(side)
        self._worker.start(self.services)

    def _application(self) -> Any:
        app = create_app(self.services)
        app.extensions[WORLD] = self
        app.register_blueprint(pages)
        return app

    def _settings(self) -> Settings:
        config = CONFIG | {
            "server": {"public_url": self.url},
            "policy": CONFIG["policy"] | {"survey_delay": f"{int(self._survey_delay.total_seconds())}s"},
        }
        return settings_from(config, self.folder, {})

    def _connect(self, side: Side) -> None:
        _, connection, _ = connecting.add(self.services, side.start(), check=True)
        side.webhook_url = connecting.webhook_url(self.services, connection)

    def seed(self) -> None:
        """The same sample orders each time, delivered to people of three languages, so that nothing is empty."""
        for buyer in SAMPLE_BUYERS:
            for side in self.sides:
                side.post(*side.arrive(side.sell(**buyer)))

    def shop_names(self) -> list[str]:
        """The shops that are connected."""
        with self.services.db.reading() as session:
            return [shop.name for shop in rows.all_shops(session)]

    def shop_id(self, name: str) -> str:
        """Our id of a shop."""
        with self.services.db.reading() as session:
            return rows.shop_by_name(session, name).id

    def idle(self, within: timedelta = timedelta()) -> bool:
        """Nothing kept is waiting and no task is due, nor will be `within` this time."""
        with self.services.db.reading() as session:
            return not inbox.count(session, "kept") and not outbox.busy(session, self.services.clock() + within)

    def stop(self) -> None:
        """Everything down."""
        self._worker.stop()
        self._server.stop()
        for side in self.sides:
            side.stop()
        if hasattr(self, "services"):
            self.services.transport.close()
            self.services.db.close()
