"""One installation under test: real database, real store server, mails in a folder, a clock that stands still."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, TypeVar

from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlmodel import Session, SQLModel, select

from integration.app import build_services, create_app
from integration.db.tables import Receipt, Shop
from integration.demo import outbox
from integration.demo.sides import HeldCode, ShopifySide, Side, WooCommerceSide
from integration.demo.world import CONFIG
from integration.flows import connecting
from integration.settings import settings_from
from integration.vault import write_key_file
from integration.worker import ticks
from tests.conftest import StandingClock

Row = TypeVar("Row", bound=SQLModel)
SIDES = {"woocommerce": WooCommerceSide, "shopify": ShopifySide}


def config(**policy: Any) -> dict[str, Any]:
    """Mia's config with other policy values; `compensation` replaces single keys of its table."""
    compensation = CONFIG["policy"]["compensation"] | policy.pop("compensation", {})
    return CONFIG | {
        "server": {"public_url": "https://mia.example"},
        "policy": CONFIG["policy"] | policy | {"compensation": compensation},
    }


def hurried(engine: Engine) -> None:
    """In tests SQLite waits for no disk: the plugs that they pull are those of processes. Benchmarks wait."""
    if engine.dialect.name == "sqlite" and "PYTEST_VERSION" in os.environ:
        engine.dispose()
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


class House:
    """Mia's shop on one platform; `run` makes time's work happen, `mails` says what left."""

    def __init__(
        self, folder: Path, clock: StandingClock, platform: str = "woocommerce", database: str = "", **policy: Any
    ) -> None:
        self.clock = clock
        self.folder = folder
        self._read: dict[tuple[str, int], outbox.Sent] = {}
        write_key_file(folder / "postventa.key")
        self.database = database or f"sqlite:///{folder}/postventa.db"
        self.services = build_services(settings_from(self.config(**policy), folder, {}), clock=clock)
        hurried(self.services.db.engine)
        self.side: Side = SIDES[platform](clock)
        shop, connection, self.secret = connecting.add(self.services, self.side.start(), check=True)
        self.shop_id, self.connection = shop.id, connection
        self.path = f"/webhooks/{platform}/{connection.key}"
        self.app = create_app(self.services)
        self.client: FlaskClient = self.app.test_client()

    def config(self, **policy: Any) -> dict[str, Any]:
        """What would stand in the config.toml of this installation."""
        return config(**policy) | {"database": {"url": self.database}}

    def close(self) -> None:
        """End the store server and let go of the database."""
        self.side.stop()
        self.services.transport.close()
        self.services.db.close()

    def post(self, headers: Any, body: bytes) -> int:
        """A webhook arrives."""
        return self.client.post(self.path, headers=dict(headers), data=body).status_code

    def deliver(self, **buyer: str) -> str:
        """Sam buys, the parcel arrives, the store tells us; the store's id of the order."""
        ref = self.side.sell(**buyer)
        assert self.post(*self.side.arrive(ref)) == 200
        self.run()
        return ref

    def drain(self) -> None:
        """Take in what webhooks brought, and act on nothing yet."""
        ticks.drain(self.services)

    def run(self) -> None:
        """Do all that is due now."""
        ticks.until_idle(self.services, "test:1")

    def mails(self, kind: str = "") -> list[outbox.Sent]:
        """Mails that left, oldest first."""
        paths = outbox.written(self.folder / "outbox")
        return [self._opened(path) for path in paths if kind in ("", outbox.kind_of(path.stem))]

    def _opened(self, path: Path) -> outbox.Sent:
        """Reading one takes longer than writing it, and some tests look after each step: a file is read once."""
        known = (path.name, path.stat().st_mtime_ns)
        if known not in self._read:
            self._read[known] = outbox.opened(path)
        return self._read[known]

    def kinds(self) -> list[str]:
        """The kinds of the mails that left."""
        return [outbox.kind_of(path.stem) for path in outbox.written(self.folder / "outbox")]

    def link(self, kind: str, purpose: str) -> str:
        """The path of a link in the newest mail of a kind."""
        found = re.search(rf"https://mia\.example(/{purpose}/[\w-]+)", self.mails(kind)[-1].text)
        assert found, f"no /{purpose}/ link in the {kind} mail"
        return found[1]

    def answer(self, score: int, cause: str = "", text: str = "") -> Any:
        """Sam sends the survey of the newest survey mail."""
        form = {"score": str(score), "cause": cause, "text": text}
        return self.client.post(self.link("survey", "s"), data=form)

    def complain(self, cause: str, text: str = "", wish: str = "") -> Any:
        """Sam sends the form behind "something went wrong?" of the newest label mail."""
        form = {"cause": cause, "text": text, "wish": wish}
        return self.client.post(self.link("label", "c"), data=form)

    def codes(self) -> list[HeldCode]:
        """The codes in the store, asked of the store."""
        return self.side.codes()

    def rows(self, table: type[Row]) -> list[Row]:
        """Every row of a table."""
        with self.services.db.reading() as session:
            return list(session.exec(select(table)).all())

    def receipts(self) -> list[Receipt]:
        """The inbox."""
        return self.rows(Receipt)

    def shop(self, session: Session) -> Shop:
        """Mia's shop."""
        return session.exec(select(Shop).where(Shop.id == self.shop_id)).one()
