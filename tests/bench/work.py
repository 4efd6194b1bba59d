"""How fast what is due gets done: no-op tasks, mails over SMTP, and the look for what is due among a million."""

from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from unittest import mock

from sqlalchemy import text

from emails.transports import MailServer, transport
from integration.db.queries import outbox
from integration.db.tables import MailRow, OrderRow
from integration.flows import dispatch, mails
from tests.bench.rows import Row
from tests.conftest import StandingClock
from tests.flows.house import House

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TASKS, MAILS = 1000, 300
FEW, MANY = 10_000, 1_000_000
LOOKS = 200
SINK = [sys.executable, "-c", "from tests.bench.work import sink; sink()"]


def bench_tasks() -> list[Row]:
    """Tasks that do nothing, claimed and noted as tasks of our own stream are, `synchronous=FULL`."""
    with house() as shop:
        [order] = shop.rows(OrderRow)
        with shop.services.db.writing() as session:
            for number in range(TASKS):
                outbox.put_task(session, shop.shop_id, "AssumeDelivered", order.id, NOW, key=f"nothing:{number}")
        nothing = dispatch.Handler(lambda services, task: None)
        with mock.patch.dict(dispatch.HANDLERS, {"AssumeDelivered": nothing}):
            start = time.perf_counter()
            done = 0
            while ran := dispatch.run_due(shop.services, "bench:1", limit=200):
                done += ran
        each_second = done / (time.perf_counter() - start)
        bare = commits(shop.folder / "bare.db")
    return [
        Row("tasks done, no-op, embedded", each_second, 3000, "/s", at_least=True),
        Row("the same, share of what this disk commits", each_second / bare, 0.85, "x", at_least=True),
    ]


def commits(file: Path) -> float:
    """How many bare updates a second this disk commits, one each, as durably as we do."""
    held = sqlite3.connect(file, isolation_level=None)
    for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE one (n INTEGER)",
                 "INSERT INTO one VALUES (0)"):  # fmt: skip
        held.execute(line)
    start = time.perf_counter()
    for _ in range(TASKS):
        held.execute("BEGIN IMMEDIATE")
        held.execute("UPDATE one SET n = n + 1")
        held.execute("COMMIT")
    took = time.perf_counter() - start
    held.close()
    return TASKS / took


def bench_mails() -> list[Row]:
    """Mails composed, handed to an SMTP server in another process, and noted: one process, one connection."""
    with house() as shop, subprocess.Popen(SINK, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        port = int(server.stdout.readline())
        way_out = transport(MailServer(transport="smtp", host="127.0.0.1", port=port), shop.services.http.request)
        services = dataclasses.replace(shop.services, transport=way_out)
        [order] = shop.rows(OrderRow)
        with services.db.writing() as session:
            for number in range(MAILS):
                context = {"subject": order.id}
                mails.queue(session, services, shop.shop(session), "survey", f"bench:{number}", NOW, order_id=order.id,
                            context=context)  # fmt: skip
        start = time.perf_counter()
        while dispatch.run_due(services, "bench:1", limit=200):
            pass
        took = time.perf_counter() - start
        sent = [mail for mail in shop.rows(MailRow) if mail.state == "sent" and mail.key.startswith("bench:")]
        way_out.close()
        server.stdin.close()
    return [Row("mails composed, sent and noted, one process", len(sent) / took, 300, "/s", at_least=True)]


def sink() -> None:
    """An SMTP server that takes everything; says its port and ends with its input."""
    from tests.emails.mail_server import MailDesk, mail_server

    with mail_server(MailDesk()) as desk:
        print(desk.port, flush=True)
        sys.stdin.read()


def bench_sweep() -> list[Row]:
    """The look for due tasks where a million lie in the future, times the same where ten thousand do."""
    with house() as shop:
        fill(shop, FEW)
        few = look(shop)
        fill(shop, MANY - FEW)
        many = look(shop)
    return [
        Row("look for what is due among 1,000,000, times 10,000", many / few, 1.2, "x"),
        Row("look for what is due among 1,000,000", 1000 * many, 5, "ms"),
    ]


def fill(shop: House, more: int) -> None:
    """So many more tasks for the next years."""
    columns = "id, shop_id, kind, key, subject, state, due_at, attempts, owner, fence, reason, created_at"
    with shop.services.db.writing() as session:
        session.execute(
            text(
                f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :more) "
                f"INSERT INTO tasks ({columns}) SELECT 'task_' || :more || '_' || i, :shop, 'RunFollowUp', "
                f"'later:' || :more || ':' || i, 'nobody', 'ready', datetime(:now, '+' || (i % 10000) || ' hours'), "
                f"0, '', 0, '', :now FROM n"
            ),
            {"more": more, "shop": shop.shop_id, "now": (NOW + timedelta(days=1)).isoformat(" ")[:19]},
        )


def look(shop: House) -> float:
    """Seconds of the middle one of many looks."""
    took = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        with shop.services.db.reading() as session:
            found = outbox.due(session, NOW, 100, list(dispatch.HANDLERS))
        took.append(time.perf_counter() - start)
        assert found == []
    return median(took)


@contextmanager
def house() -> Iterator[House]:
    """A shop with one delivered order and nothing due."""
    with tempfile.TemporaryDirectory() as folder:
        made = House(Path(folder), StandingClock(NOW))
        try:
            made.deliver()
            yield made
        finally:
            made.close()
