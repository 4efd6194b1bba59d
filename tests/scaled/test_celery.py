"""Live Celery workers: whatever dies, every task is done, and none twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from integration.app import build_services
from integration.db.tables import MailRow, Task
from integration.settings import load
from integration.worker import celery
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
