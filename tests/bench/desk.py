"""How long the desk's pages take with 100,000 orders."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from statistics import median

from flask.testing import FlaskClient

from integration.flows import accounts
from tests.bench.past import YEARS, fill, house_on
from tests.bench.rows import Row
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS, MIA

ORDERS = 100_000
ROOMS = ("/admin/", "/admin/?days=90", "/admin/cases", "/admin/cases?which=closed", "/admin/orders",
         "/admin/orders?q=54321", "/admin/orders?page=20", "/admin/orders?page=1500", "/admin/mails",
         "/admin/mails?which=waiting", "/admin/mails?which=would", "/admin/mails?which=stopped",
         "/admin/mails?page=5000", "/admin/stopped", "/admin/shops", "/admin/health")  # fmt: skip
TIMES = 20


def bench_desk() -> list[Row]:
    """Every room's answers, in-process, on SQLite: two years of orders with all that they leave.

    CPU beside time, since a machine shared with others makes everything wait.
    """
    with house_on("sqlite") as house:
        fill(house, ORDERS, YEARS)
        browser = entered(house)
        took = {room: list(_answers(browser, room)) for room in ROOMS}
    for room, times in took.items():
        wall, cpu = (median(time[part] for time in times) for part in (0, 1))
        sys.stderr.write(f"{room}: {wall:.1f} ms, CPU {cpu:.1f} ms\n")
    walls, cpus = (sorted(each[part] for times in took.values() for each in times) for part in (0, 1))
    return [
        Row(f"desk page with {ORDERS} orders, p95", walls[int(0.95 * len(walls))], 150, "ms"),
        Row("the same, CPU, p95", cpus[int(0.95 * len(cpus))], 150, "ms"),
    ]


def entered(house: House) -> FlaskClient:
    """Mia's browser, logged in."""
    client = house.app.test_client()
    with house.services.db.writing() as session:
        link = accounts.invite(session, house.services, "owner")
    form = MIA | {"email": f"{time.monotonic_ns()}@mia.example"}
    assert client.post(link.removeprefix(HTTPS), data=form, base_url=HTTPS).status_code == 303
    return client


def _answers(client: FlaskClient, room: str) -> Iterator[tuple[float, float]]:
    """Time and CPU of each answer, in ms."""
    for turn in range(TIMES + 1):
        start, cpu = time.perf_counter(), time.process_time()
        assert client.get(room, base_url=HTTPS).status_code == 200
        if turn:  # the first one warms up
            yield 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - cpu)
