"""The plug is pulled under webhooks that arrive: whatever was answered 200 is there afterwards, once."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from connectors.signing import sign
from integration.app import build_services
from integration.cli.shops import toml
from integration.db.session import Database
from integration.db.tables import Receipt
from integration.flows import connecting
from integration.flows.shops import NewShop
from integration.settings import settings_from
from integration.vault import write_key_file
from tests.conftest import NewDatabase
from tests.flows.house import config
from tests.processes import start

SECRET = "the-webhook-secret"
CLIENTS, KILLS, EACH = 8, 2, 150
PATIENCE = 60.0


class Installation:
    """A folder with a config and a shop; `serving` runs the service on it."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        settings = config() | {"database": {"url": database}}
        (folder / "config.toml").write_text(toml(settings), "utf-8")
        write_key_file(folder / "postventa.key")
        services = build_services(settings_from(settings, folder, {}))
        keys = {"consumer_key": "ck", "consumer_secret": "cs"}
        new = NewShop("Mia", "woocommerce", "https://mia.example", keys, SECRET)
        self.path = f"/webhooks/woocommerce/{connecting.add(services, new, check=False)[1].key}"
        services.db.close()
        services.transport.close()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The service answers; at the end of the block its plug is pulled."""
        words = ["serve", "--config", str(self.folder / "config.toml"), "--port", str(self.port)]
        process = start(words, self.folder / "serve.log")
        try:
            end = time.monotonic() + PATIENCE
            while self.post(b"{}", "/healthz") == 0 and time.monotonic() < end:
                assert process.poll() is None, "serve ended"
            yield
        finally:
            process.kill()
            process.wait(PATIENCE)

    def post(self, body: bytes, path: str = "") -> int:
        """The status of the answer, 0 when there is none."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Signature": sign(body, SECRET)}
        try:
            line.request("POST", path or self.path, body, headers)
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()


def order(number: int) -> bytes:
    """A webhook of its own."""
    return json.dumps(
        {"id": number, "status": "processing", "note": "x" * random.Random(number).randrange(6000)}
    ).encode()


@pytest.mark.slow
def test_what_was_answered_200_survives_a_pulled_plug(tmp_path: Path, new_database: NewDatabase) -> None:
    shop = Installation(tmp_path, new_database(tmp_path))
    answered: list[int] = []
    numbers = iter(range(1, 1_000_000))
    for kill in range(1, KILLS + 1):
        over = threading.Event()

        def send(over: threading.Event = over) -> None:
            while not over.is_set():
                number = next(numbers)
                if shop.post(order(number)) == 200:
                    answered.append(number)

        clients = [threading.Thread(target=send) for _ in range(CLIENTS)]
        with shop.serving():
            for client in clients:
                client.start()
            while len(answered) < kill * EACH:
                assert any(client.is_alive() for client in clients)
                time.sleep(0.01)
        over.set()
        for client in clients:
            client.join()
    kept = numbers_kept(shop)
    assert [number for number in answered if kept[number] != 1] == []
    assert set(kept.values()) == {1}
    assert len(answered) >= KILLS * EACH


def numbers_kept(shop: Installation) -> Counter[int]:
    """How often each number is in the inbox of a database that is whole."""
    database = Database(shop.database)
    with database.reading() as session:
        if database.engine.dialect.name == "sqlite":
            assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        bodies = session.exec(select(Receipt.body)).all()
    database.close()
    return Counter(json.loads(body)["id"] for body in bodies)
