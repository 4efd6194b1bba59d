"""Shops take turns, and what holds for all of them holds for all processes."""

from __future__ import annotations

import dataclasses
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, update
from sqlmodel import col, select

from integration.app import build_services
from integration.clock import system_clock
from integration.db.mail_tables import Pace
from integration.db.queries import outbox
from integration.db.session import Database
from integration.db.tables import MailRow, OrderRow, Shop, Task
from integration.domain.errors import Refused
from integration.domain.ids import new_id
from integration.flows import dispatch, pauses
from integration.flows.services import Services
from integration.settings import load
from integration.worker.embedded import Embedded
from tests.conftest import StandingClock
from tests.flows.conftest import MakeHouse, make_house
from tests.flows.house import House
from tests.scaled.site import Site

__all__ = ["make_house"]
FLOOD = 50_000
MOST = 120
"""Tasks of the flood that may come first: ten seconds at twelve a second, a tenth of what a small machine does."""


def opened(house: House) -> str:
    """Another shop beside Mia's; its id."""
    with house.services.db.writing() as session:
        mia = house.shop(session).model_dump()
        session.add(Shop(**mia | {"id": "shop_ana", "name": "Ana"}))
    return "shop_ana"


def flooded(house: House, n: int, due_at: datetime) -> None:
    """So many tasks of Mia's shop are due, each next to nothing."""
    [order] = [order for order in house.rows(OrderRow) if order.shop_id == house.shop_id]
    rows: list[dict[str, Any]] = [
        {
            "id": new_id("task", due_at), "shop_id": house.shop_id, "kind": "AssumeDelivered", "key": f"flood:{number}",
            "subject": order.id, "due_at": due_at, "created_at": due_at,
            "state": "ready", "reason": "", "attempts": 0, "fence": 0, "owner": "",
        }
        for number in range(n)
    ]  # fmt: skip
    with house.services.db.writing() as session:
        session.execute(insert(Task), rows)


def asked(house: House, shop_id: str, now: datetime) -> None:
    """The other shop has something to do, later than all of that."""
    [order] = [order for order in house.rows(OrderRow) if order.shop_id == house.shop_id]
    with house.services.db.writing() as session:
        outbox.put_task(session, shop_id, "AssumeDelivered", order.id, now, key="one")


def tried(house: House, shop_id: str) -> Task | None:
    """The other shop's task, once its turn came (there is nothing for it to find)."""
    with house.services.db.reading() as session:
        task = outbox.task_by_key(session, shop_id, "one")
    return task if task and task.tried_at else None


def test_a_shop_with_one_task_comes_after_one_of_the_shop_with_many(
    make_house: MakeHouse, clock: StandingClock
) -> None:
    house = make_house()
    house.deliver()
    other = opened(house)
    flooded(house, 300, clock.now - timedelta(hours=1))
    asked(house, other, clock.now)
    with house.services.db.reading() as session:
        first, second, *_ = outbox.due(session, clock.now, 100, dispatch.HANDLERS)
    keys = {task.id: task.key for task in house.rows(Task)}
    assert keys[second] == "one"
    assert keys[first].startswith("flood:")


@pytest.mark.slow
def test_a_flood_of_50000_delays_another_shop_by_ten_seconds_at_most(site: Site) -> None:
    site.deliver(1)
    site.house.drain()
    other = opened(site.house)
    worker = site.worker()
    site.until(site.house.mails, "it does not begin")
    flooded(site.house, FLOOD, system_clock() - timedelta(hours=1))
    site.until(lambda: any(task.state == "done" for task in flood(site.house)), "the flood does not begin")
    asked(site.house, other, system_clock())
    task = site.until(lambda: tried(site.house, other), "never done")
    assert before(site.house, task) <= MOST
    assert any(task.state == "ready" for task in flood(site.house))
    worker.kill()


def before(house: House, task: Task) -> int:
    """How many of the flood were tried between this task's coming and its turn."""
    tried_at = col(Task.tried_at)
    mine = (Task.shop_id == house.shop_id, tried_at > task.created_at, tried_at <= task.tried_at)
    with house.services.db.reading() as session:
        return session.exec(select(func.count()).select_from(Task).where(*mine)).one()


def flood(house: House) -> list[Task]:
    """A few of the flood's tasks: the first and the last."""
    with house.services.db.reading() as session:
        keys = [f"flood:{number}" for number in (0, 1, FLOOD - 1)]
        return [task for key in keys if (task := outbox.task_by_key(session, house.shop_id, key))]


@pytest.mark.slow
@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
def test_the_embedded_engine_is_as_fair(make_house: MakeHouse, clock: StandingClock) -> None:
    house = make_house()
    house.deliver()
    other = opened(house)
    flooded(house, FLOOD, clock.now - timedelta(hours=1))
    engine, ran = Embedded(0.1), threading.Event()
    asked(house, other, clock.now)

    def look(name: str) -> None:
        if name == "task_claimed" and tried(house, other):
            ran.set()

    engine.start(dataclasses.replace(house.services, checkpoint=look))
    try:
        assert ran.wait(60)
    finally:
        engine.stop()
    task = tried(house, other)
    assert task
    assert before(house, task) <= MOST


def test_a_stream_that_stands_still_stands_still_for_every_process(site: Site) -> None:
    site.deliver(1)
    site.house.drain()
    site.house.services.db.close()
    now = system_clock()
    with site.house.services.db.writing() as session:
        pauses.begin(session, site.house.services, site.house.shop_id, "RunFollowUp", Refused("access_refused"), now)
    other = build_services(load(site.house.folder / "config.toml", {}))
    [first, *_] = [task for task in site.tasks() if task.kind == "RunFollowUp"]
    assert dispatch.run(other, first.id, "other:1")
    [task] = [task for task in site.house.rows(Task) if task.id == first.id]
    assert (task.state, task.reason, task.fence) == ("ready", "access_refused", 1)
    assert task.due_at > now
    other.db.close()


def test_two_processes_count_every_mail_once(site: Site) -> None:
    """Each with connections of its own, as two machines have; the day's count and the domain's bucket are one row."""
    site.deliver(15)
    site.house.drain()
    for task in site.tasks("RunFollowUp"):
        dispatch.run(site.house.services, task.id, "test:1")
    halves, together = shared_out(site, opened(site.house)), threading.Barrier(2)

    def work(own: Services, ids: list[str]) -> None:
        together.wait()
        for task_id in ids:
            dispatch.run(own, task_id, "other:1")
        own.db.close()

    threads = [threading.Thread(target=work, args=(counting(site), half)) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.n for row in site.house.rows(Pace) if row.name.startswith("day:")] == [30]


def shared_out(site: Site, other: str) -> list[list[str]]:
    """Half of the mails become another shop's; the tasks of each shop."""
    mails = site.tasks("SendMail")
    assert len(mails) == 30
    with site.house.services.db.writing() as session:
        for task in mails[::2]:
            session.execute(update(Task).where(col(Task.id) == task.id).values(shop_id=other))
            session.execute(update(MailRow).where(col(MailRow.id) == task.subject).values(shop_id=other, order_id=None))
    return [[task.id for task in half] for half in (mails[::2], mails[1::2])]


def counting(site: Site) -> Services:
    """Services of another process whose mails count, though they are only written."""
    own, settings = site.house.services, site.house.services.settings
    mail = dataclasses.replace(settings.mail, transport="smtp")
    return dataclasses.replace(own, db=Database(own.db.url), settings=dataclasses.replace(settings, mail=mail))
