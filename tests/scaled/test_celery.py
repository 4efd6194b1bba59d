"""Live Celery workers: whatever dies, every task is done, and none twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integration.app import build_services
from integration.db.tables import MailRow, Task
from integration.settings import load
from integration.worker import celery, ticks
from tests.emails.mail_server import MailDesk, mail_server
from tests.scaled.site import LEASE, Site, once
from tests.valkey import Valkey

pytestmark = pytest.mark.slow
MOST_MB = 200


def offered(site: Site) -> list[Task]:
    """Ids of all due tasks are handed to the broker, by a process that is gone then; the tasks."""
    settings = load(site.house.folder / "config.toml", {})
    hands = celery.Hands(celery.make_app(settings), lambda: build_services(settings))
    site.house.drain()
    hands.tick("sweep")
    hands.services.db.close()
    return [task for task in site.tasks() if task.lease_until]


def resident_mb(pid: int) -> float:
    with Path(f"/proc/{pid}/status").open(encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def test_deliveries_are_mailed_by_workers_within_their_memory(site: Site) -> None:
    workers = [site.worker(), site.worker()]
    site.deliver(5)
    site.done(5)
    assert sorted(site.house.kinds()) == ["label"] * 5 + ["survey"] * 5
    assert once(site.copies().values())
    assert {task.fence for task in site.tasks()} == {1}
    assert max(resident_mb(worker.running.pid) for worker in workers if worker.running) <= MOST_MB
    assert [worker.stop() for worker in workers] == [0, 0]


class Slow(MailDesk):
    """Takes half a second for a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802 - aiosmtpd names it
        self.begun += 1
        await asyncio.sleep(0.5)
        return await super().handle_DATA(*given)


@pytest.mark.parametrize("hands", [1, 2])
def test_a_worker_that_is_told_to_end_finishes_the_mails_at_hand_and_begins_no_others(site: Site, hands: int) -> None:
    with mail_server(Slow()) as desk:
        site.configure({"transport": "smtp", "host": "127.0.0.1", "port": desk.port, "starttls": "off"}, hands=hands)
        site.deliver(12)
        site.house.drain()
        ticks.act(site.house.services, "test:1", streams=[""])  # so that all mails are due, several in a message
        worker = site.worker()
        site.until(lambda: desk.begun, "no mail is begun")
        begun = desk.begun
        assert worker.stop() == 0
        assert desk.begun <= begun + 2 * hands  # one each may begin before the signal is heard
    states = Counter(mail.state for mail in site.house.rows(MailRow))
    assert states["sent"] == desk.begun == len(desk.mails)
    assert "leased" not in {task.state for task in site.tasks()}


def test_a_broker_that_forgot_everything_costs_a_lease_and_nothing_else(site: Site, valkey: Valkey) -> None:
    site.deliver(10)
    handed, began = offered(site), time.monotonic()
    assert len(handed) == 20
    with valkey.client() as broker:
        assert broker.llen(celery.QUEUES[""]) == 4  # five ids each
        broker.flushall()
    site.worker()
    site.done(10)
    assert time.monotonic() - began >= LEASE.total_seconds()
    assert once(site.copies().values())
    assert {task.fence for task in site.tasks()} == {1}


def test_a_broker_that_dies_under_a_worker_is_met_again(site: Site, valkey: Valkey) -> None:
    site.worker()
    site.deliver(3)
    site.until(site.house.mails, "the worker does not work")
    site.deliver(10)
    valkey.kill()
    site.deliver(3)
    valkey.start()
    site.done(16)
    assert len(site.copies()) == 32
    assert once(site.copies().values())


def test_what_a_killed_worker_had_in_hand_is_done_by_another_after_the_lease(site: Site) -> None:
    dying = site.worker(crash_at="task_claimed")
    site.deliver(4)
    site.until(lambda: dying.ended() is not None, "it does not die")
    held = {task.id: task.lease_until for task in site.tasks() if task.state == "leased"}
    assert len(held) == 2  # of one message
    site.worker()
    site.done(4)
    done = {task.id: task.done_at for task in site.tasks() if task.id in held and task.state == "done"}
    assert done.keys() == held.keys()
    assert all(done[an_id] > lapsed for an_id, lapsed in held.items())
    assert once(site.copies().values())
    assert len(site.house.rows(MailRow)) == 8
