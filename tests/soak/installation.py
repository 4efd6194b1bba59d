"""Two shops of Mia's, a mail server and a running `postventa serve`, all of which can be made to fail."""

from __future__ import annotations

import dataclasses
import http.client
import socket
import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sqlmodel import SQLModel, select

from integration.app import build_services
from integration.cli.shops import toml
from integration.clock import system_clock
from integration.db.tables import Pause, Task
from integration.demo.sides import ShopifySide, Side, WooCommerceSide
from integration.flows import connecting
from integration.flows.services import Services
from integration.settings import load
from integration.vault import write_key_file
from tests.emails.mail_server import MailDesk
from tests.flows.house import config
from tests.processes import COMMAND, environment
from tests.stores.faults import Faults

PATIENCE = 60.0
ANSWER = 10.0  # seconds that a store or a browser waits
LIMITS = {"day_budget": 10**7, "month_budget": 10**8, "customer_max": 10**6}  # so that every broken thing brings a code
Row = TypeVar("Row", bound=SQLModel)


class Shop:
    """One platform's store, reached by us over a line that can be spoilt."""

    def __init__(self, side: Side, services: Services) -> None:
        self.side = side
        new = side.start()
        address = new.credentials.get("api_base", new.address)
        self.line = Faults(address).__enter__()
        spoilt = {name: self.line.url if value == address else value for name, value in new.credentials.items()}
        new = dataclasses.replace(
            new, credentials=spoilt, address=self.line.url if new.address == address else new.address
        )
        row, connection, _ = connecting.add(services, new, check=True)
        self.id, self.path = row.id, f"/webhooks/{side.platform}/{connection.key}"

    def close(self) -> None:
        """End the line and the store."""
        self.line.__exit__(None, None, None)
        self.side.stop()


class Installation:
    """A folder with config and database, and the process that serves it."""

    def __init__(self, folder: Path, desk: MailDesk, database: str = "") -> None:
        self.folder, self.desk = folder, desk
        made = config(compensation=dict(LIMITS)) | {
            "mail": {"transport": "smtp", "host": "127.0.0.1", "port": desk.port, "starttls": "off"},
            "http": {"allow_private_hosts": True, "connect_timeout": 1, "read_timeout": 2},
            "worker": {"poll": "1s"},
            "database": {"url": database or f"sqlite:///{folder}/postventa.db"},
        }
        (folder / "config.toml").write_text(toml(made), "utf-8")
        write_key_file(folder / "postventa.key")
        self.services = self.later(timedelta())
        self.shops = [Shop(side(system_clock), self.services) for side in (WooCommerceSide, ShopifySide)]
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def later(self, wait: timedelta) -> Services:
        """The same installation at another time of day."""
        return build_services(load(self.folder / "config.toml", {}), clock=lambda: system_clock() + wait)

    def start(self) -> float:
        """Serve; how many seconds until it answers that it is ready."""
        began = time.monotonic()
        self.starts += 1
        with self.log.open("wb") as out:
            words = ["serve", "--port", str(self.port), "--config", str(self.folder / "config.toml")]
            self.process = subprocess.Popen([*COMMAND, *words], env=environment(), stdout=out, stderr=out)
        while self.request("GET", "/readyz") != 200:
            assert time.monotonic() < began + PATIENCE, f"it never got ready: {self.log.read_text()}"
            assert self.process.poll() is None, f"it ended by itself: {self.log.read_text()}"
            time.sleep(0.02)
        return time.monotonic() - began

    @property
    def log(self) -> Path:
        """What the process that runs now has said."""
        return self.folder / f"serve{self.starts}.log"

    def kill(self) -> None:
        """Pull its plug; it must have been alive."""
        assert self.process is not None
        assert self.process.poll() is None, f"it ended by itself: {self.log.read_text()}"
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> float:
        """Ask it to end; how many seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()
        return time.monotonic() - began

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> int:
        """The status of the answer, 0 when there was none."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER)
        try:
            line.request(method, path, body, dict(headers or {}))
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()

    def rows(self, table: type[Row]) -> list[Row]:
        """Every row of a table."""
        with self.services.db.reading() as session:
            return list(session.exec(select(table)).all())

    def hurry(self) -> None:
        """Whatever waits to be tried again has waited long enough."""
        now = self.services.clock()
        with self.services.db.writing() as session:
            for pause in session.exec(select(Pause)).all():
                pause.until = now
            for task in session.exec(select(Task).where(Task.state == "ready", Task.reason != "")).all():
                task.due_at = now

    def close(self) -> None:
        """End everything, also what was left running by a failure."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        for shop in self.shops:
            shop.close()
        self.services.transport.close()
        self.services.db.close()
