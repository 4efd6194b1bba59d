"""The embedded engine over real HTTP: acts at once, ends in time, frees what a dead one held, runs nothing twice."""

from __future__ import annotations

import dataclasses
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sqlmodel import select

from connectors.http import Http, HttpLimits
from integration.app import create_app
from integration.clock import system_clock
from integration.db.queries import outbox
from integration.db.tables import MailRow, OrderRow, Pause, Receipt, Task
from integration.demo.serving import Serving
from integration.domain.errors import Ambiguous, Permanent, Refused, SinkError, Temporary
from integration.flows import dispatch
from integration.flows.services import Services
from integration.worker import ticks
from integration.worker.embedded import Embedded
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.shoppers import act, store_of
from tests.stores.faults import Faults

PATIENCE = 30.0
LEASE = timedelta(minutes=10)
NEVER = 3600.0  # seconds between two looks: only being woken makes the engine work
Engines = Callable[..., Embedded]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Mia's WooCommerce shop at today's time."""
    made = House(tmp_path, system_clock)  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def still(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """The same, and time stands still."""
    made = House(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def start() -> Iterator[Engines]:
    """`start(services)`: an engine that is stopped after the test; the services wake it."""
    running: list[Embedded] = []

    def begin(services: Services, poll: float = NEVER) -> Embedded:
        running.append(Embedded(poll))
        running[-1].start(dataclasses.replace(services, wake=running[-1].wake))
        return running[-1]

    yield begin
    for engine in running:
        engine.stop()


def until(done: Callable[[], Any], what: str) -> Any:
    """Wait for something to be so."""
    end = time.monotonic() + PATIENCE
    while not (found := done()):
        assert time.monotonic() < end, what
        time.sleep(0.01)
    return found


@pytest.fixture
def served(house: House, start: Engines) -> Iterator[int]:
    """The house behind waitress with its engine; the port."""
    engine = Embedded(NEVER)
    services = dataclasses.replace(house.services, wake=engine.wake)
    server = Serving()
    server.start(create_app(services))
    engine.start(services)
    yield server.port
    engine.stop()
    server.stop()


def post(port: int, path: str, headers: Any, body: bytes) -> int:
    """A webhook over real HTTP."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    line.request("POST", path, body, dict(headers))
    status = line.getresponse().status
    line.close()
    return status


def test_a_webhook_is_acted_on_within_a_second_of_its_commit(house: House, served: int) -> None:
    for number in range(1, 6):
        headers, body = house.side.arrive(house.side.sell())
        assert post(served, house.path, headers, body) == 200
        until(lambda number=number: len(house.mails("label")) == number, "no label mail")
    receipts = house.rows(Receipt)
    assert {receipt.state for receipt in receipts} == {"done"}
    waits = [receipt.done_at - receipt.received_at for receipt in receipts if receipt.done_at]
    assert median(waits) < timedelta(seconds=1)
    labels = [task for task in house.rows(Task) if task.kind == "RunFollowUp" and task.tried_at]
    assert median(task.tried_at - task.created_at for task in labels) < timedelta(seconds=1)


def test_what_becomes_due_without_anybody_waking_is_done_at_the_next_look(still: House, start: Engines) -> None:
    headers, body = still.side.arrive(still.side.sell())
    start(still.services, poll=0.05)
    assert still.post(headers, body) == 200  # these services wake nobody
    until(lambda: still.mails("label"), "nobody looked")


class Slow:
    """A task that begins, says so, and ends when it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self, name: str) -> None:
        if name == "task_claimed":
            self.begun.set()
            self.let_go.wait(PATIENCE)


def at_work(still: House) -> tuple[Slow, Embedded]:
    """An engine in the middle of the first of several tasks."""
    for _ in range(3):
        still.post(*still.side.arrive(still.side.sell()))
    still.drain()
    slow, engine = Slow(), Embedded(NEVER)
    engine.start(dataclasses.replace(still.services, checkpoint=slow))
    assert slow.begun.wait(PATIENCE)
    return slow, engine


def test_stopping_ends_the_task_at_hand_and_begins_no_other(still: House) -> None:
    slow, engine = at_work(still)
    stopping = threading.Thread(target=engine.stop)
    stopping.start()
    assert engine._stopping.wait(PATIENCE)
    slow.let_go.set()
    stopping.join(PATIENCE)
    assert not stopping.is_alive()
    states = [task.state for task in still.rows(Task) if task.due_at <= still.clock.now]
    assert (states.count("done"), states.count("leased")) == (1, 0)
    still.run()
    assert still.kinds().count("label") == 3


def test_who_is_told_to_leave_begins_nothing_more_and_its_patience_counts_from_then(still: House) -> None:
    """The web server sees its pages off before it stops the engine: ten seconds must do for both."""
    slow, engine = at_work(still)
    engine.leave()
    told = time.monotonic()
    slow.let_go.set()
    until(lambda: "leased" not in {task.state for task in still.rows(Task)}, "it goes on")
    assert [task.state for task in still.rows(Task) if task.due_at <= still.clock.now].count("done") == 1
    engine.stop(patience=time.monotonic() - told)  # nothing is left of it
    assert still.kinds() == []


def test_stopping_waits_no_longer_than_its_patience(still: House) -> None:
    still.post(*still.side.arrive(still.side.sell()))
    slow, engine = Slow(), Embedded(NEVER)
    engine.start(dataclasses.replace(still.services, checkpoint=slow))
    assert slow.begun.wait(PATIENCE)
    began = time.monotonic()
    engine.stop(patience=0.2)
    assert time.monotonic() - began >= 0.2
    assert any(thread.is_alive() for thread in engine._threads)
    slow.let_go.set()
    for thread in engine._threads:
        thread.join(PATIENCE)
    assert Embedded.stop.__defaults__ == (8,)  # of the ten seconds that the whole process has


def test_a_store_that_hangs_holds_up_no_mail(house: House, start: Engines) -> None:
    for name in ("sam", "ana"):
        house.deliver(email=f"{name}@example.com")
    first, second = (mail.link("s").removeprefix("https://mia.example") for mail in house.mails("survey"))
    damaged = {"score": "1", "cause": "damaged"}
    with Faults(store_of(house).url) as between:
        with house.services.db.writing() as session:
            house.shop(session).address = between.url
        between.now = "hang"
        patient = Http(HttpLimits(allow_private_hosts=True, read_timeout=PATIENCE))
        start(dataclasses.replace(house.services, http=patient), poll=0.05)
        assert house.client.post(first, data=damaged).status_code == 200
        until(lambda: between.seen, "the store was not asked")
        assert house.client.post(second, data=damaged).status_code == 200
        until(lambda: house.kinds().count("complaint_ack") == 2, "the second one waits behind the first one's store")
        assert "leased" in {task.state for task in house.rows(Task) if task.kind == "CreateDiscount"}


def dead_pid() -> int:
    """The id of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.parametrize(
    ("owner", "freed"),
    [
        (lambda: f"{ticks.place()}:{dead_pid()}", True),
        (lambda: f"{ticks.place()}:{os.getpid()}", True),  # ids come again
        (lambda: f"{ticks.place()}:{os.getppid()}", False),
        (lambda: f"{socket.gethostname()}/another/4026532000:{os.getpid()}", False),
        (lambda: f"{socket.gethostname()}:{dead_pid()}", False),
        (lambda: "elsewhere:1", False),
        (lambda: "nonsense", False),
    ],
    ids=["dead", "our own id", "alive", "another container", "no place", "another machine", "no id"],
)
def test_what_a_dead_predecessor_held_is_freed_at_start(
    still: House, start: Engines, owner: Callable[[], str], freed: bool
) -> None:
    still.post(*still.side.arrive(still.side.sell()))
    still.drain()
    with still.services.db.writing() as session:
        [first, *_] = outbox.due(session, still.clock.now, 1, dispatch.HANDLERS)
        assert outbox.claim(session, [first], owner(), still.clock.now, LEASE, dispatch.HANDLERS)
    start(still.services)
    until(lambda: idle(still, but=first), "never idle")
    if freed:
        until(lambda: state(still, first) == ("done", ""), "it is not freed")
    else:
        assert state(still, first)[0] == "leased"


def state(house: House, task_id: str) -> tuple[str, str]:
    """State and owner of a task."""
    [task] = [task for task in house.rows(Task) if task.id == task_id]
    return task.state, task.owner


def idle(house: House, but: str) -> list[Task]:
    """All tasks but one, once none of them is due or being done."""
    tasks = [task for task in house.rows(Task) if task.id != but]
    open_ = [task for task in tasks if task.state in ("ready", "leased") and task.due_at <= house.clock.now]
    return [] if open_ else tasks


def test_a_lease_that_ran_out_is_taken_over(still: House) -> None:
    still.post(*still.side.arrive(still.side.sell()))
    still.drain()
    with still.services.db.writing() as session:
        for task_id in outbox.due(session, still.clock.now, 9, dispatch.HANDLERS):
            assert outbox.claim(session, [task_id], "elsewhere:1", still.clock.now, LEASE, dispatch.HANDLERS)
    still.run()
    assert still.kinds() == []
    still.clock.advance(minutes=11)
    still.run()
    assert still.kinds() == ["label", "survey"]


def test_two_workers_never_run_one_task_twice(still: House) -> None:
    still.post(*still.side.arrive(still.side.sell()))
    still.drain()
    [order] = still.rows(OrderRow)
    with still.services.db.writing() as session:
        for number in range(200):
            outbox.put_task(session, still.shop_id, "AssumeDelivered", order.id, still.clock.now, key=f"race:{number}")
    ids = [task.id for task in still.rows(Task) if task.key.startswith("race:")]
    claims: list[str] = []
    services = dataclasses.replace(still.services, checkpoint=claims.append)
    together, ran = threading.Barrier(2), list[list[bool]]()

    def work(owner: str) -> None:
        together.wait()
        ran.append([dispatch.run(services, task_id, owner) for task_id in ids])

    workers = [threading.Thread(target=work, args=(owner,)) for owner in ("one:1", "two:2")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(PATIENCE)
    assert [sum(pair) for pair in zip(*ran, strict=True)] == [1] * 200
    assert claims.count("task_claimed") == 200
    assert {task.fence for task in still.rows(Task) if task.id in ids} == {1}


def test_a_worker_that_was_thought_dead_sends_no_second_mail(still: House) -> None:
    still.post(*still.side.arrive(still.side.sell()))
    still.drain()
    act(still, "RunFollowUp")

    def overtaken(name: str) -> None:
        """While the first worker sleeps, its lease runs out and another one does all the work."""
        if name != "task_claimed":
            return
        still.clock.advance(minutes=11)
        still.run()

    first = dataclasses.replace(still.services, checkpoint=overtaken)
    dispatch.run_due(first, "sleeper:1")
    still.run()
    assert still.kinds() == ["label", "survey"]
    assert {mail.copies for mail in still.rows(MailRow)} == {1}


def test_what_is_old_goes_at_start_too_and_not_only_a_day_later(still: House, start: Engines) -> None:
    still.deliver()
    assert all(receipt.body for receipt in still.receipts())
    still.clock.advance(days=31)
    start(still.services)
    until(lambda: not any(receipt.body for receipt in still.receipts()), "a nightly restart keeps it for ever")


def test_the_journal_that_a_reader_held_is_let_go_of_at_a_later_look(still: House, start: Engines) -> None:
    journal = Path(f"{still.services.db.engine.url.database}-wal")
    with still.services.db.reading() as session:
        session.exec(select(Task)).all()
        still.post(*still.side.arrive(still.side.sell()))
        engine = start(still.services)
        until(lambda: still.mails("label"), "nobody looked")
        assert journal.stat().st_size
    until(lambda: engine._ring("scrub") or journal.stat().st_size == 0, "it is still there")  # others read meanwhile
    assert engine._scheduler.get_job("scrub")
    assert engine._scheduler.get_job("tidy")


@pytest.mark.parametrize(
    "error",
    [Temporary("mail_later"), Permanent("mail_refused"), Refused("mail_login_refused"), Ambiguous("mail_interrupted")],
)
def test_what_a_worker_that_was_thought_dead_reports_moves_nothing(still: House, error: SinkError) -> None:
    still.post(*still.side.arrive(still.side.sell()))
    still.drain()
    act(still, "RunFollowUp")

    class TooLate:
        """Its answer comes after the lease, when another worker has seen that the mail may be out."""

        def send(self, *_: object, **__: object) -> None:
            still.clock.advance(minutes=11)
            still.run()
            seen.append(moved(still))
            raise error

    seen: list[object] = []
    dispatch.run_due(dataclasses.replace(still.services, transport=TooLate()), "sleeper:1", limit=1)
    assert seen == [moved(still)]


def moved(house: House) -> tuple[object, ...]:
    """Where the mails and their tasks stand, and what stands still."""
    mails = sorted((mail.kind, mail.state, mail.reason, mail.copies) for mail in house.rows(MailRow))
    tasks = sorted((task.key, task.state, task.reason, task.attempts, task.due_at) for task in house.rows(Task))
    return mails, tasks, house.rows(Pause)
