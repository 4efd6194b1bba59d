"""Reading a store: 10,000 orders of the past, and the same again when nothing has changed."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from integration.app import build_services
from integration.clock import system_clock
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.demo.stores.woocommerce_fields import stamps
from integration.demo.world import CONFIG
from integration.flows import backfill, connecting, reconcile
from integration.flows.shops import NewShop
from integration.settings import settings_from
from integration.vault import write_key_file
from tests.bench.rows import Row

ORDERS = 10_000
SHOP = "Mia Moda"
KEYS = {"consumer_key": "ck_bench", "consumer_secret": "cs_bench"}
SERVER = [sys.executable, "-c", "from tests.bench.reading import serve; serve()"]


def serve() -> None:
    """A store with a past of 60 days, in a process of its own; says its URL and ends with its input."""
    now = system_clock()
    store = WooCommerceStore(*KEYS.values(), system_clock)
    for place in range(ORDERS):
        _sell(store, place, now - timedelta(days=59) * (1 - place / ORDERS))
    print(store.start(), flush=True)
    sys.stdin.read()
    store.stop()


def _sell(store: WooCommerceStore, place: int, at: datetime) -> None:
    status = ("completed", "delivered", "processing", "completed")[place % 4]
    when = {**stamps("date_created", at, store.shop.zone), **stamps("date_modified", at, store.shop.zone)}
    done = stamps("date_completed", at, store.shop.zone) if status == "completed" else {}
    store.add_order(status=status, billing={"email": f"buyer{place}@example.com"}, **when, **done)


def bench_reading() -> list[Row]:
    """Time of this process's own, whatever the store takes; memory is the peak of the whole bench."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            return _measured(Path(folder), server.stdout.readline().strip())
        finally:
            server.stdin.close()


def _measured(folder: Path, url: str) -> list[Row]:
    write_key_file(folder / "postventa.key")
    services = build_services(settings_from(CONFIG | {"server": {"public_url": "http://127.0.0.1:1"}}, folder, {}))
    shop, _, _ = connecting.add(services, NewShop(SHOP, "woocommerce", url, KEYS), check=True)
    start = time.process_time()
    for _ in backfill.run(services, SHOP, 60):
        pass
    first = time.process_time() - start
    with services.db.writing() as session:
        session.merge(shop).created_at = shop.created_at - timedelta(days=60)
    start = time.process_time()
    look = reconcile.look(services, shop.id)
    again = time.process_time() - start
    assert look is not None
    assert look.found == 0
    assert look.problem is None
    services.transport.close()
    services.db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row("an order of the past taken in, CPU (5 is 200 a second)", 1000 * first / ORDERS, 5, "ms"),
        Row("10,000 unchanged orders looked at, CPU", again, 30, "s"),
        Row("memory at most while reading", peak, 300, "MB"),
    ]
