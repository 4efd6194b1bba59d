"""The embedded engine: at once, once, and gone in time."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from integration.app import create_app
from integration.clock import system_clock
from integration.db.queries import outbox
from integration.db.tables import MailRow, Receipt, Task
from integration.flows import dispatch
from integration.worker import ticks
from integration.worker.embedded import Embedded
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end, "nothing happened in 20 s"
        threading.Event().wait(0.01)


def awake(house: House, poll: float) -> Embedded:
    """The house's service with a worker, on the real clock."""
    worker = Embedded(poll)
    house.services = dataclasses.replace(house.services, clock=system_clock, wake=worker.wake)
    house.app = create_app(house.services)
    house.client = house.app.test_client()
    return worker


def test_a_webhook_is_acted_on_within_a_second_of_its_commit(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", max_age="off")
    worker = awake(house, poll=3600)  # nothing but the commit's own call may wake it
    worker.start(house.services)
    try:
        until(lambda: not worker_busy(house))
        assert house.post(*house.side.arrive(house.side.sell())) == 200
        until(lambda: house.rows(Task))
    finally:
        worker.stop()
    [receipt] = house.rows(Receipt)
    assert receipt.done_at is not None
    assert receipt.done_at - receipt.received_at < timedelta(seconds=1)


def worker_busy(house: House) -> bool:
    return any(task.state == "leased" for task in house.rows(Task))


def test_stopping_ends_after_the_task_at_hand(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", max_age="off")
    worker = awake(house, poll=3600)
    begun, may_end = threading.Event(), threading.Event()

    def hold(name: str) -> None:
        if name == "task_claimed" and not begun.is_set():
            begun.set()
            may_end.wait(20)

    house.services = dataclasses.replace(house.services, checkpoint=hold)
    worker.start(house.services)
    with house.services.db.writing() as session:
        outbox.put_task(session, house.shop_id, "FetchOrder", "1", system_clock())
    worker.wake()
    assert begun.wait(20)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    may_end.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert [task.state for task in house.rows(Task)] != ["leased"]


def test_what_a_dead_predecessor_held_is_free_at_start(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", max_age="off")
    house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    dead = f"{ticks.owner_name().rpartition(':')[0]}:999999999"
    with house.services.db.writing() as session:
        for task in house.rows(Task):
            held = session.merge(task)
            held.state, held.owner, held.lease_until = "leased", dead, house.clock.now + timedelta(hours=1)
    dispatch.free_lapsed(house.services, ticks.dead_owner)
    assert {task.state for task in house.rows(Task)} == {"ready"}


def test_a_living_neighbours_lease_is_left_alone() -> None:
    assert not ticks.dead_owner("another-machine:1")
    assert not ticks.dead_owner(f"{ticks.owner_name().rpartition(':')[0]}:1")


@pytest.mark.slow
def test_two_workers_never_run_one_task_twice(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", survey_repeat="0s")
    for _ in range(10):
        house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    start = threading.Barrier(2)

    def work(name: str) -> None:
        start.wait()
        ticks.act(house.services, name)

    workers = [threading.Thread(target=work, args=(f"worker:{number}",)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {mail.copies for mail in house.rows(MailRow)} == {1}
    assert len(house.mails("label")) == len({str(mail.message["Message-ID"]) for mail in house.mails("label")}) == 10
