"""A service to offer webhooks to: the server that `serve` runs, with routes to compare it with beside the door."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from flask import Flask, Response, request

from integration.app import build_services, create_app
from integration.cli.running import SWITCH_SECONDS, listen
from integration.collector import keep_what_is_there
from integration.db.tables import Receipt
from integration.demo.world import CONFIG
from integration.domain.ids import new_id
from integration.flows import connecting
from integration.flows.services import Services
from integration.flows.shops import NewShop
from integration.settings import settings_from
from integration.vault import write_key_file
from integration.worker.embedded import Embedded
from tests.bench.mails import made_mail
from tests.emails.letters import USUAL
from webhooks.routes import DOORS

SECRET = "webhook-secret"


def main(folder: Path, wishes: set[str]) -> None:
    """Serve until ended; prints the port and the door's path. `wishes`: `worker`, `busy`."""
    write_key_file(folder / "postventa.key")
    worker = Embedded(1)
    services = build_services(settings_from(CONFIG, folder, {}), wake=worker.wake)
    keys = {"consumer_key": "ck", "consumer_secret": "cs"}
    new = NewShop("Mia", "woocommerce", "https://mia.example", keys, SECRET)
    _, connection, _ = connecting.add(services, new, check=False)
    app = create_app(services)
    compare(app, services, connection.key)
    sys.setswitchinterval(SWITCH_SECONDS)
    server = listen(app, "127.0.0.1", 0)
    if "worker" in wishes:
        worker.start(services)
    if "busy" in wishes:
        threading.Thread(target=keep_busy, daemon=True).start()
    print(server.effective_port, f"/webhooks/woocommerce/{connection.key}", flush=True)
    keep_what_is_there()
    server.run()


def compare(app: Flask, services: Services, key: str) -> None:
    """Add `/no-op`, the server's own limit, and `/orm`, the same door with an ORM session and a commit for each."""

    @app.post("/no-op")
    def no_op() -> Response:
        request.get_data(cache=False)
        return Response(status=200, mimetype="text/plain")

    @app.post("/orm")
    def orm() -> Response:
        body = request.get_data(cache=False)
        headers = {name.lower(): value for name, value in request.headers.items()}
        admitted = app.extensions[DOORS].admit("woocommerce", key, headers, body)
        assert admitted
        door, delivery = admitted
        now = services.clock()
        with services.db.writing() as session:
            session.add(
                Receipt(
                    id=new_id("receipt", now), connection_id=door.connection_id, shop_id=door.shop_of(delivery),
                    delivery_key=delivery.key, topic=delivery.topic, body=body, received_at=now,
                )
            )  # fmt: skip
        return Response(status=200, mimetype="text/plain")


def keep_busy() -> None:
    """A job that composes mails nine tenths of the time."""
    while True:
        end = time.perf_counter() + 0.9
        while time.perf_counter() < end:
            made_mail(USUAL[0])
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
