"""A bad minute and a long day: 500 parcels arrive at once while pages are looked at; memory after many webhooks."""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles

import integration.demo.stores
from connectors.signing import sign
from integration.clock import system_clock
from integration.demo import outbox
from tests.bench.door import SECRET
from tests.bench.intake import Service, all_kept, fresh, service
from tests.bench.rows import Row

BURST, SENDERS = 500, 8
PATIENCE = 150.0
IDLE = 3.0  # seconds
STEPS, STEP_SECONDS, PARCELS = 8, 4.0, 50
WARM = 3  # steps
LONG_STEPS, LONG_WEBHOOKS, LONG_PARCELS, LONG_PATIENCE = 10, 10_000, 2500, 600.0
ORDER = Path(integration.demo.stores.__file__).parent / "woocommerce_order.json"


def bench_burst() -> list[Row]:
    """From the first webhook of 500 to the last of their 1,000 mails, in a folder; the survey page all the while."""
    with service("worker") as running:
        page = first_survey(running)
        until = time.perf_counter() + IDLE
        before = looks(running, page, lambda: time.perf_counter() < until)
        start, worked = time.perf_counter(), cpu_seconds(running.pid)
        with ThreadPoolExecutor(SENDERS) as senders:
            sent = senders.submit(_all_arrive, running, range(1000, 1000 + BURST))
            took = looks(
                running, page, lambda: len(_mails(running)) < 2 * BURST + 2 and time.perf_counter() < start + PATIENCE
            )
            sent.result()
        share = (len(_mails(running)) - 2) / (2 * BURST)  # less than all when patience ended
        drained, worked = (time.perf_counter() - start) / share, (cpu_seconds(running.pid) - worked) / share
    return [
        Row("burst of 500 delivered orders, drained", drained, 60, "s"),
        Row("the same, CPU of the service", worked, 60, "s"),
        Row("survey page during the burst, p95", p95(took), 250, "ms"),
        Row("survey page with nothing else to do, p95", p95(before), 250, "ms"),
    ]


def bench_memory() -> list[Row]:
    """Webhooks as fast as they are taken, parcels among them; what the process holds at the end, and how it grew."""
    held, kept = list[float](), list[int]()
    with service("worker") as running:
        _all_arrive(running, range(PARCELS))
        _wait_for(running, 2 * PARCELS)
        for _ in range(STEPS):
            kept.append(sum(all_kept(running.offer(seconds=STEP_SECONDS)).statuses.values()))
            held.append(resident_mb(running.pid))
    growth = (held[-1] - held[WARM]) / sum(kept[WARM + 1 :]) * 10_000
    return [
        Row(f"memory of `serve` after {sum(kept)} webhooks and {2 * PARCELS} mails", held[-1], 200, "MB"),
        Row("its growth for each 10,000 webhooks more", growth, 5, "MB"),
    ]


def bench_memory_long() -> list[Row]:
    """The same over 100,000 webhooks, 25,000 of them parcels with two mails each."""
    held, kept = list[float](), 0
    with service("worker") as running:
        for step in range(LONG_STEPS):
            _all_arrive(running, range(step * LONG_PARCELS, (step + 1) * LONG_PARCELS))
            kept += LONG_PARCELS
            _wait_for(running, 2 * LONG_PARCELS * (step + 1), patience=LONG_PATIENCE, pause=2.0)
            while kept < LONG_WEBHOOKS * (step + 1):
                kept += sum(all_kept(running.offer(seconds=STEP_SECONDS)).statuses.values())
            held.append(resident_mb(running.pid))
            sys.stderr.write(f"{kept} webhooks, {2 * LONG_PARCELS * (step + 1)} mails: {held[-1]:.1f} MB\n")
    return [
        Row(f"memory of `serve` after {kept} webhooks and {2 * LONG_PARCELS * LONG_STEPS} mails", held[-1], 200, "MB"),
        Row("its growth since a tenth of them", held[-1] - held[0], 20, "MB"),
    ]


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def first_survey(running: Service) -> str:
    """The path of the survey of an order that arrived before."""
    assert arrive(running, 1) == 200
    _wait_for(running, 2)
    [mail] = [mail for mail in outbox.read(Path(running.folder) / "outbox") if mail.kind == "survey"]
    found = re.search(r"https?://[^/]+(/s/[\w-]+)", mail.text)
    assert found
    return found[1]


def _wait_for(running: Service, mails: int, patience: float = PATIENCE, pause: float = 0.05) -> None:
    end = time.perf_counter() + patience
    while len(_mails(running)) < mails:
        assert time.perf_counter() < end, "too few mails"
        time.sleep(pause)


def _mails(running: Service) -> list[str]:
    """The files of those that have left."""
    folder = Path(running.folder) / "outbox"
    return [entry.name for entry in folder.iterdir() if entry.suffix == ".eml"] if folder.is_dir() else []


def looks(running: Service, page: str, while_: Callable[[], bool]) -> list[float]:
    """Milliseconds of each look at a page, about ten a second, as long as `while_` says."""
    took = []
    while while_():
        start = time.perf_counter()
        assert _request(running, "GET", page) == 200
        took.append(1000 * (time.perf_counter() - start))
        time.sleep(0.1)
    return took


def p95(took: list[float]) -> float:
    """The slower end."""
    return quantiles(took, n=100)[94]


def _all_arrive(running: Service, numbers: range) -> None:
    with ThreadPoolExecutor(SENDERS) as senders:
        assert set(senders.map(lambda number: arrive(running, number), numbers)) == {200}


def arrive(running: Service, number: int) -> int:
    """The webhook that says that an order of somebody new has arrived."""
    now = system_clock()
    stamps = {"date_created_gmt": _gmt(now - timedelta(days=3)), "date_modified_gmt": _gmt(now)}
    order = json.loads(ORDER.read_text("utf-8")) | stamps | {"id": fresh() * 10_000 + number, "status": "delivered"}
    order["billing"] |= {"email": f"buyer{number}@place{number}.example"}
    body = json.dumps(order).encode()
    headers = {"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Signature": sign(body, SECRET)}
    return _request(running, "POST", running.path, headers, body)


def _gmt(at: datetime) -> str:
    return at.isoformat()[:19]


def _request(running: Service, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> int:
    line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    line.request(method, path, body, headers or {})
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status
