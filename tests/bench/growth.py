"""What grows with the orders: pages and sweeps at ten times as many, on both engines, and what an order weighs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import text

from integration.db import exports
from integration.db.queries import outbox
from integration.flows import dispatch, metrics
from integration.flows.dispatch import STREAMS
from integration.worker import ticks
from tests.bench.desk import ROOMS, entered
from tests.bench.past import YEARS, fill, house_on
from tests.bench.rows import Row
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS
from webhooks import inbox

ORDERS = int(os.environ.get("ORDERS", "10000"))  # at first, then ten times as many; a million take 16 GB on each engine
ENGINES = os.environ.get("ENGINES", "sqlite postgresql").split()
DENSER = os.environ.get("GROWTH") == "denser"  # ten times as many a day, not for ten times as long
TIMES = 12


def bench_growth() -> list[Row]:
    """Orders at a steady pace for two years; then for twenty, or ten times as many a day (`GROWTH=denser`)."""
    rows = []
    for engine in ENGINES:
        few, _ = measured(engine, ORDERS, 1)
        many, weight = measured(engine, 10 * ORDERS, 10)
        for line in (*growth_table(few, many), *weights(weight)):
            sys.stderr.write(f"{line}\n")
        growth = {name: many[name] / max(few[name], 1.0) for name in few}
        worst = max(growth, key=lambda name: growth[name])
        rows.append(Row(f"{engine}: slowest growth, {ORDERS} to {10 * ORDERS} orders ({worst})", growth[worst], 2, "x"))
    return rows


Weight = dict[str, tuple[float, float]]


def measured(engine: str, orders: int, longer: int) -> tuple[dict[str, float], Weight]:
    """The CPU of each page and each sweep in ms, and what an order leaves in each table."""
    with house_on(engine) as house:
        fill(house, orders, YEARS if DENSER else longer * YEARS)
        return dict(times(house)), dict(weighed(house, orders))


def growth_table(few: dict[str, float], many: dict[str, float]) -> Iterable[str]:
    """As Markdown."""
    yield f"| | {ORDERS} orders | {10 * ORDERS} orders | times |"
    yield "|---|--:|--:|--:|"
    for name, took in few.items():
        yield f"| `{name}` | {took:.1f} ms | {many[name]:.1f} ms | {many[name] / max(took, 1.0):.2f} |"


def weights(weight: Weight) -> Iterable[str]:
    """Rows and bytes an order, as Markdown."""
    yield from (f"| `{name}` | {rows:.2f} | {size:.0f} |" for name, (rows, size) in weight.items())
    rows, size = (sum(each[part] for each in weight.values()) for part in (0, 1))
    yield f"| together | {rows:.1f} | {size:.0f} |"


def times(house: House) -> Iterator[tuple[str, float]]:
    """Every room and every sweep that a worker repeats."""
    browser, services = entered(house), house.services
    for room in ROOMS:
        yield room, cpu(house, partial(browser.get, room, base_url=HTTPS))
    yield "sweep", cpu(house, partial(sweep, house))
    yield "drain", cpu(house, partial(inbox.drain, services))
    yield "watch", cpu(house, partial(ticks.watch, services))
    yield "metrics", cpu(house, partial(metrics.gather, services))


def sweep(house: House) -> None:
    """What each engine's worker asks for: the embedded one looks for due tasks, the other hands them on."""
    if house.services.db.engine.dialect.name == "postgresql":
        for stream in STREAMS:
            dispatch.offer(house.services, stream)
        return
    with house.services.db.reading() as session:
        outbox.due(session, house.clock.now, 100, ("SendMail", "RunFollowUp"))


def cpu(house: House, act: Callable[[], object]) -> float:
    """The least of some, after one that warms up, and what the server took for each: growth is asked for, in ms."""
    act()
    took, before = [], servers(house)
    for _ in range(TIMES):
        start = time.process_time()
        act()
        took.append(1000 * (time.process_time() - start))
    return min(took) + (servers(house) - before) / TIMES


def servers(house: House) -> float:
    """The CPU that PostgreSQL's processes for our connections have taken so far, in ms; SQLite has none."""
    if house.services.db.engine.dialect.name == "sqlite":
        return 0.0
    with house.services.db.reading() as session:
        mine = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        stats = [Path(f"/proc/{pid}/stat").read_text() for pid in session.scalars(mine)]
    spent = sum(int(each) for stat in stats for each in stat.rpartition(")")[2].split()[11:13])
    return 1000 * spent / os.sysconf("SC_CLK_TCK")


def weighed(house: House, orders: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """Rows and bytes an order, indexes included, of each table that orders leave something in."""
    size = "pg_total_relation_size('{0}')"
    if house.services.db.engine.dialect.name == "sqlite":
        parts = "SELECT name FROM sqlite_schema WHERE tbl_name = '{0}'"
        size = f"(SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN ({parts}))"
    with house.services.db.reading() as session:
        for table in exports.models()[0].metadata.sorted_tables:
            rows = int(session.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one())
            if rows > orders / 100:
                taken = session.execute(text(f"SELECT {size.format(table.name)}")).scalar_one()
                yield table.name, (rows / orders, int(taken) / orders)
