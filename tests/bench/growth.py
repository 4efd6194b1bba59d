"""What grows with the orders: pages and sweeps at ten times as many, and what an order weighs, on PostgreSQL."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Table, text
from sqlalchemy import DateTime as At

from integration.db import exports
from integration.flows import dispatch
from integration.worker import ticks
from tests.bench.desk import ROOMS, entered
from tests.bench.rows import Row
from tests.conftest import StandingClock, migrate
from tests.flows.house import House
from tests.postgres import running
from tests.web.desk.conftest import HTTPS
from webhooks import inbox

ORDERS = int(os.environ.get("ORDERS", "10000"))  # at first; ten times as many in the end. 100000 takes 20 GB
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
YEARS = timedelta(days=730)
SPAN = timedelta(days=400)  # what the first orders cover: longer than any window of the desk's numbers
TIMES = 12
COPIED = {"receipts", "orders", "shipments", "followups", "tasks", "mails", "labels", "links", "history"}
OWN = {"id", "key", "ref", "number", "subject", "reference", "delivery_key", "order_ref", "message_id", "token_digest",
       "customer_key"}  # fmt: skip
DAY_BY_DAY = text("SET session_replication_role = replica")  # no triggers, no foreign keys: we know what we copy


def bench_growth() -> list[Row]:
    """One delivered order as it really is, copied into the past at a steady rate, then ten times as far."""
    with grown() as (house, fill):
        fill(0, ORDERS)
        few = measured(house)
        fill(ORDERS, 10 * ORDERS)
        many = measured(house)
        weight = weighed(house)
    growth = {name: many[name] / max(few[name], 1.0) for name in few}
    for name in few:
        sys.stderr.write(f"{name}: {few[name]:.1f} ms, {many[name]:.1f} ms\n")
    for name, (rows, size) in weight.items():
        sys.stderr.write(f"{name}: {rows / (10 * ORDERS):.2f} rows, {size / (10 * ORDERS):.0f} bytes an order\n")
    worst = max(growth, key=lambda name: growth[name])
    return [Row(f"slowest growth from {ORDERS} to {10 * ORDERS} orders ({worst})", growth[worst], 2, "x")]


@contextmanager
def grown() -> Iterator[tuple[House, Callable[[int, int], None]]]:
    """A house on PostgreSQL with one order, and what copies it: `fill(from, to)`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(running())
        name = postgres.database()
        migrate(postgres.url(name))
        house = House(folder, StandingClock(NOW - YEARS), "woocommerce", postgres.url(name))
        stack.callback(house.close)
        house.deliver()
        house.clock.advance(days=40)
        house.run()
        with house.services.db.engine.begin() as connection:
            connection.execute(text("UPDATE labels SET pdf = NULL"))
            connection.execute(text("UPDATE receipts SET body = ''"))
        house.clock.now = NOW

        def fill(first: int, last: int) -> None:
            step = SPAN / ORDERS
            with house.services.db.engine.begin() as connection:
                connection.execute(DAY_BY_DAY)
                for table in exports.models()[0].metadata.sorted_tables:
                    if table.name in COPIED:
                        copy(connection, table, first, last, step)
            with house.services.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ANALYZE"))

        yield house, fill


def copy(connection: Connection, table: Table, first: int, last: int, step: timedelta) -> None:
    """The rows of the first order once more for each number, with names and times of their own."""
    counted = table.name == "history"
    columns = [column for column in table.columns if not (counted and column.primary_key)]
    values = []
    for column in columns:
        name = f't."{column.name}"'
        if column.name in OWN or (
            column.name.endswith("_id") and column.name not in ("shop_id", "connection_id", "key_id")
        ):
            name = f"{name} || '-' || n"
        elif isinstance(column.type, At) or "UTC" in type(column.type).__name__:
            back = f"n * interval '{step.total_seconds()} seconds'"
            name = f"{name} + interval '{YEARS.days - 41} days' - {back}"
        values.append(name)
    names = ", ".join(f'"{column.name}"' for column in columns)
    own = "t.subject NOT LIKE '%-%'" if counted else f"t.\"{columns[0].name}\" NOT LIKE '%-%'"
    wanted = f'INSERT INTO "{table.name}" ({names}) SELECT {", ".join(values)} FROM "{table.name}" t'
    connection.execute(text(f"{wanted}, generate_series({first + 1}, {last}) n WHERE {own}"))


def measured(house: House) -> dict[str, float]:
    """The time of each page and each sweep, in ms."""
    browser, found = entered(house), {}
    for room in ROOMS:
        found[room] = timed(lambda room=room: browser.get(room, base_url=HTTPS))
    house.services.db.engine.dispose()
    found["sweep"] = timed(lambda: [dispatch.offer(house.services, stream) for stream in dispatch.STREAMS])
    found["drain"] = timed(lambda: inbox.drain(house.services))
    found["watch"] = timed(lambda: ticks.watch(house.services))
    return found


def timed(act: Callable[[], object]) -> float:
    """The fastest of some, after one that warms up: growth is asked for, not what else the machine does."""
    act()
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - start))
    return min(took)


def weighed(house: House) -> dict[str, tuple[int, int]]:
    """Rows and bytes, indexes included, of each table that an order leaves something in."""
    found = {}
    with house.services.db.reading() as session:
        for table in exports.models()[0].metadata.sorted_tables:
            rows = session.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()
            if rows >= 10 * ORDERS:
                size = session.execute(text(f"SELECT pg_total_relation_size('{table.name}')")).scalar_one()
                found[table.name] = (int(rows), int(size))
    return found
