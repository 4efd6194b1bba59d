"""The engine of many machines on this one: tasks a second, delivered orders a second, and what a worker holds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from integration.app import build_services
from integration.clock import system_clock
from integration.db.queries import counts, cursors
from integration.db.tables import Shop, Task
from integration.domain.ids import new_id
from integration.flows import dispatch
from integration.settings import load
from integration.worker import celery
from tests.bench.rows import Row
from tests.conftest import migrate
from tests.emails.mail_server import MailDesk, mail_server
from tests.flows.house import House
from tests.postgres import Postgres, running
from tests.scaled.site import Process, Site, port_of, post
from tests.valkey import Valkey

TASKS, SHOPS, WORKERS = 6000, 200, 2
RATE, SECONDS, SECONDS_LONG = 10, 60, 600  # delivered orders a second, and for how long
PATIENCE = 120.0


def work(config: str) -> None:
    """A worker that knows a kind of task that is nothing but its claim and its verdict."""
    dispatch.HANDLERS["NoOp"] = dispatch.Handler(lambda services, task: None)
    settings = load(Path(config))
    app = celery.make_app(settings)
    celery.work(settings, app, lambda wake: build_services(settings, wake=wake))


def bench_scaled() -> list[Row]:
    """PostgreSQL, Valkey, two workers of one process each, and the load, on the same cores."""
    with running() as postgres:
        return [*bench_no_op(postgres), *bench_delivered(postgres, SECONDS)]


def bench_scaled_long() -> list[Row]:
    """Ten delivered orders a second for ten minutes."""
    with running() as postgres:
        return bench_delivered(postgres, SECONDS_LONG)


@contextmanager
def site(postgres: Postgres) -> Iterator[Site]:
    """A shop on PostgreSQL and a broker."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        name = postgres.database()
        migrate(postgres.url(name))
        valkey = Valkey()
        valkey.start()
        stack.callback(valkey.kill)
        made = Site(House(folder, system_clock, "woocommerce", postgres.url(name)), valkey.url)  # type: ignore[arg-type]
        made.configure(lease="10m", poll="1s")
        stack.callback(made.close)
        yield made


def bench_no_op(postgres: Postgres) -> list[Row]:
    """Claim, nothing, verdict: two transactions each."""
    with site(postgres) as made:
        put(made, TASKS)
        config = str(made.house.folder / "config.toml")
        command = [sys.executable, "-c", f"from tests.bench.scaled import work; work({config!r})"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        workers = [subprocess.Popen(command, **quiet) for _ in range(WORKERS)]  # type: ignore[call-overload]
        try:
            wait(lambda: count(made, "done") > 100)
            start, before = time.monotonic(), count(made, "done")
            wait(lambda: count(made, "done") > TASKS * 0.9)
            rate = (count(made, "done") - before) / (time.monotonic() - start)
            memory = max(resident_mb(worker.pid) for worker in workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    return [
        Row("tasks that do nothing, by PostgreSQL and Valkey", rate, 1000, "/s", at_least=True),
        Row("a worker, resident", memory, 200, "MB"),
    ]


def bench_delivered(postgres: Postgres, seconds: int) -> list[Row]:
    """Webhooks at two web processes, label mails accepted by a mail server: the whole way; the survey is for later."""
    with mail_server(MailDesk()) as desk, site(postgres) as made:
        mail = {"transport": "smtp", "host": "127.0.0.1", "port": desk.port, "starttls": "off"}
        made.configure(mail=mail, policy={"survey_delay": "3d"}, lease="10m", poll="1s")
        webs = [made.web() for _ in range(WORKERS)]
        workers = [made.worker() for _ in range(WORKERS)]
        wait(lambda: all(map(port_of, webs)))
        deliver(made, webs[0])
        wait(lambda: len(desk.mails) == 1)  # now the workers work
        ages, taken = offer(made, webs, seconds)
        wait(lambda: len(desk.mails) >= made.sold and idle(made), lambda: f"{len(desk.mails)} mails, {left(made)}")
        labels = count_of(made, "SELECT count(*) FROM mails WHERE kind = 'label' AND state = 'sent'")
        memory = max(resident_mb(worker.pid) for worker in workers)
    if (labels, len(desk.mails)) != (made.sold, made.sold):
        raise RuntimeError(f"{labels} label mails, {len(desk.mails)} mails for {made.sold} orders")
    return [
        Row(f"delivered orders a second, for {seconds} s", RATE * seconds / taken, RATE * 0.98, "/s", at_least=True),
        Row("the longest that a task has waited meanwhile, p95", sorted(ages)[int(0.95 * len(ages))], 10, "s"),
        Row("a worker after it, resident", memory, 200, "MB"),
    ]


def offer(made: Site, webs: Sequence[Process], seconds: int) -> tuple[list[float], float]:
    """So many parcels arrive each second; how long the oldest task had waited, second by second, and the time taken."""
    ages, start = list[float](), time.monotonic()
    for number in range(RATE * seconds):
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
        deliver(made, webs[number % WORKERS])
        if number % RATE == 0:
            ages.append(oldest(made))
    return ages, time.monotonic() - start


def deliver(made: Site, web: Process) -> None:
    """Somebody's parcel arrives, and the store tells of it."""
    if not post(port_of(web), made.house.path, made.parcel()):
        raise RuntimeError("a webhook was refused")


def oldest(made: Site) -> float:
    """How long the task that waits longest has been due, in seconds."""
    now = system_clock()
    with made.house.services.db.reading() as session:
        due = counts.oldest_due(session, now)
    return (now - due).total_seconds() if due else 0.0


def idle(made: Site) -> bool:
    """Nothing is kept, due or worked at."""
    waiting = "SELECT count(*) FROM tasks WHERE state IN ('ready', 'leased') AND due_at <= now()"
    kept = "SELECT count(*) FROM receipts WHERE state = 'kept'"
    return not count_of(made, kept) and not count_of(made, waiting)


def left(made: Site) -> str:
    """What is not done, by kind and state."""
    asked = "SELECT kind, state, reason, count(*), min(due_at) FROM tasks WHERE state <> 'done' GROUP BY 1, 2, 3"
    with made.house.services.db.reading() as session:
        return "; ".join(" ".join(map(str, row)) for row in session.execute(text(asked)))


def count_of(made: Site, statement: str) -> int:
    """What a counting statement says."""
    with made.house.services.db.reading() as session:
        return int(session.execute(text(statement)).scalar_one())


def put(made: Site, n: int) -> None:
    """Due tasks of many shops, all read just now: reading two hundred stores is not what is measured."""
    now = system_clock()
    with made.house.services.db.writing() as session:
        mia = made.house.shop(session).model_dump()
        session.execute(insert(Shop), [mia | {"id": f"shop_{i}", "name": f"Mia {i}"} for i in range(SHOPS)])
        session.flush()
        for number in range(SHOPS):
            cursors.begin(session, f"shop_{number}", "changes", now, now).due_at = now + timedelta(hours=1)
        session.execute(insert(Task), [task(number, now) for number in range(n)])


def task(number: int, now: datetime) -> dict[str, Any]:
    """One that is due."""
    return {
        "id": new_id("task", now), "shop_id": f"shop_{number % SHOPS}", "kind": "NoOp", "key": f"noop:{number}",
        "subject": "", "due_at": now, "created_at": now, "state": "ready", "reason": "", "attempts": 0, "fence": 0,
        "owner": "",
    }  # fmt: skip


def count(made: Site, state: str) -> int:
    """Tasks in a state."""
    return count_of(made, f"SELECT count(*) FROM tasks WHERE state = '{state}'")


def wait(done: Callable[[], bool], state: Callable[[], str] = lambda: "") -> None:
    """Until it is so; `state` says how things stand if it never is."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(f"it does not end: {state()}")
        time.sleep(0.1)


def resident_mb(pid: int) -> float:
    """What a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
