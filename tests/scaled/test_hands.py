"""What one worker does with each message, in this process: once, by turns, and never when it is another's."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from integration.clock import system_clock
from integration.db.care_tables import Cursor
from integration.db.queries import outbox
from integration.db.tables import OrderRow, Task
from integration.domain.errors import Misconfigured, Temporary
from integration.flows import dispatch
from integration.settings import load
from integration.worker import celery, newer
from integration.worker.nudge import TICKS
from tests.scaled.site import Site
from tests.valkey import Valkey


@pytest.fixture
def hands(site: Site) -> Iterator[celery.Hands]:
    """A worker's hands, with the services of this process."""
    settings = load(site.house.folder / "config.toml", {})
    app = celery.make_app(settings)
    made = celery.Hands(app, lambda: site.house.services)
    yield made
    app.close()


def handed_on(valkey: Valkey, name: str) -> list[str]:
    """The ids in the messages that wait."""
    with valkey.client() as broker:
        messages = [json.loads(message) for message in broker.lrange(name, 0, -1)]
    return [an_id for message in messages for an_id in json.loads(b64decode(message["body"]))[0][0].split()]


def queue(valkey: Valkey, name: str) -> int:
    """How many messages wait."""
    with valkey.client() as broker:
        return int(broker.llen(name))


def test_a_sweep_hands_on_each_due_task_once(site: Site, hands: celery.Hands, valkey: Valkey) -> None:
    site.deliver(3)
    site.house.drain()
    for _ in range(3):
        hands.tick("sweep")
    assert sorted(handed_on(valkey, celery.QUEUES[""])) == sorted(task.id for task in site.tasks())
    assert len(site.tasks()) == 6


def test_a_flood_is_shared_out_among_hands(site: Site, hands: celery.Hands, valkey: Valkey) -> None:
    site.deliver(8)
    site.house.drain()
    hands.tick("sweep")
    assert len(handed_on(valkey, celery.QUEUES[""])) == 16
    assert queue(valkey, celery.QUEUES[""]) == celery.MESSAGES


def test_a_message_carries_so_many_ids_at_most(
    site: Site, hands: celery.Hands, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(celery.IN_A_MESSAGE, "", 3)
    site.deliver(8)
    site.house.drain()
    hands.tick("sweep")
    assert len(handed_on(valkey, celery.QUEUES[""])) == 16
    assert queue(valkey, celery.QUEUES[""]) == 6


def test_what_could_not_be_handed_on_is_offered_again_at_once(
    site: Site, hands: celery.Hands, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    site.deliver(1)
    site.house.drain()
    valkey.kill()
    hands.tick("sweep")
    assert "the broker does not answer" in caplog.text
    assert [task.lease_until for task in site.tasks()] == [None, None]
    valkey.start()
    hands.tick("sweep")
    assert len(handed_on(valkey, celery.QUEUES[""])) == 2


def test_every_tick_runs_and_an_unknown_one_does_nothing(
    site: Site, hands: celery.Hands, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (*celery.BEATS, "begin", "nonsense"):
        hands.tick(name)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_tick_that_another_process_is_at_is_left_to_it(site: Site, hands: celery.Hands, valkey: Valkey) -> None:
    site.deliver(1)
    with site.house.services.db.alone("tick:drain") as mine:
        assert mine
        hands.tick("drain")
    assert queue(valkey, TICKS) == 0
    hands.tick("drain")
    assert queue(valkey, TICKS) == 1


def test_one_shops_webhooks_are_taken_in_by_one_process(site: Site, hands: celery.Hands) -> None:
    site.deliver(2)
    with site.house.services.db.alone(f"inbox:{site.house.shop_id}"):
        hands.take_in(site.house.shop_id)
    assert {receipt.state for receipt in site.house.receipts()} == {"kept"}
    hands.take_in(site.house.shop_id)
    assert {receipt.state for receipt in site.house.receipts()} == {"done"}


def test_a_shop_whose_turn_it_is_is_read_by_whoever_gets_the_message(
    site: Site, hands: celery.Hands, valkey: Valkey
) -> None:
    hands.tick("reconcile")
    assert queue(valkey, celery.QUEUES["store"]) == 1
    hands.look(site.house.shop_id)
    assert [cursor.stream for cursor in site.house.rows(Cursor) if cursor.looked_at] == ["changes"]


def test_a_worker_that_is_told_to_leave_finishes_the_task_at_hand_and_gives_back_the_rest(
    site: Site, hands: celery.Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dispatch.HANDLERS, "NoOp", dispatch.Handler(lambda services, task: hands.leave()))
    services, now = site.house.services, system_clock()
    with services.db.writing() as session:
        for number in range(3):
            outbox.put_task(session, site.house.shop_id, "NoOp", "", now, key=f"leave:{number}")
    ids = sorted(dispatch.offer(services, ""))
    hands.run(" ".join(ids[:2]))
    hands.run(ids[2])
    assert sorted((task.state, task.lease_until) for task in site.tasks("NoOp")) == [
        ("done", None), ("ready", None), ("ready", None),
    ]  # fmt: skip


def test_a_worker_that_is_told_to_leave_takes_in_no_more_and_reads_no_shop(site: Site, hands: celery.Hands) -> None:
    services = replace(site.house.services, checkpoint=lambda name: hands.leave() if name == "receipt_taken" else None)
    hands.make = lambda: services
    site.deliver(2)
    hands.take_in(site.house.shop_id)
    assert sorted(receipt.state for receipt in site.house.receipts()) == ["done", "kept"]
    hands.look(site.house.shop_id)
    assert not site.house.rows(Cursor)


def test_a_task_of_a_newer_version_is_left_alone(site: Site, hands: celery.Hands) -> None:
    with site.house.services.db.writing() as session:
        outbox.put_task(session, site.house.shop_id, "FlyToTheMoon", "mia", system_clock())
    [task] = site.tasks()
    hands.run(task.id)
    hands.run("task_that_was_erased")
    assert [(task.state, task.fence) for task in site.tasks()] == [("ready", 0)]


def test_a_message_that_fails_ends_no_worker(
    site: Site, hands: celery.Hands, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (RuntimeError("bug"), Temporary("database_busy")):
        monkeypatch.setattr(dispatch, "run_all", lambda *_, error=error: (_ for _ in ()).throw(error))
        hands.run("task_1")
    assert "a message failed" in caplog.text
    assert "database_busy" in caplog.text


def test_a_nudge_reaches_the_broker_and_survives_its_absence(
    site: Site, hands: celery.Hands, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    nudge = celery.nudge(load(site.house.folder / "config.toml", {}))
    nudge.start(site.house.services)
    nudge.wake()
    site.until(lambda: queue(valkey, TICKS) == 2, "nobody was told")
    valkey.kill()
    with caplog.at_level("INFO"):
        nudge.wake()
        site.until(lambda: caplog.text.count("nudge: ") == 2, "it did not try")
    valkey.start()
    nudge.wake()
    site.until(lambda: queue(valkey, TICKS) == 2, "it gave up")
    nudge.stop()
    assert "postventa-nudge" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.filterwarnings("ignore:You're running the worker with superuser privileges")
def test_a_worker_works_in_its_own_process_until_a_newer_version_comes(
    site: Site, hands: celery.Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newer, "LOOK_AROUND", 0.2)
    settings = load(site.house.folder / "config.toml", {})
    site.deliver(2)

    def upgrade() -> None:
        site.done(2)
        with site.house.services.db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    later = threading.Thread(target=upgrade)
    later.start()
    with pytest.raises(Misconfigured, match="database_newer"):
        celery.work(settings, hands.app, lambda _: site.house.services)
    later.join()
    assert sorted(site.house.kinds()) == ["label", "label", "survey", "survey"]
    assert {"Beat", "postventa-watch", "postventa-nudge"}.isdisjoint(thread.name for thread in threading.enumerate())


def test_a_flood_at_one_shop_stays_in_its_rows(site: Site, hands: celery.Hands) -> None:
    site.deliver(1)
    site.house.drain()
    [order] = site.house.rows(OrderRow)
    services, now = site.house.services, system_clock()
    with services.db.writing() as session:
        for number in range(300):
            outbox.put_task(session, order.shop_id, "AssumeDelivered", order.id, now, key=f"flood:{number}")
    most, of_a_shop = dispatch.AT_ONCE[""]
    assert len(dispatch.offer(services, "")) == of_a_shop < most
    assert dispatch.offer(services, "") == []


def test_while_all_hands_have_enough_to_do_nothing_more_is_looked_for(
    site: Site, hands: celery.Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dispatch.AT_ONCE, "", (8, 8))
    site.deliver(8)
    site.house.drain()
    services = site.house.services
    handed = dispatch.offer(services, "")
    assert len(handed) == 8
    dispatch.take_back(services, handed[:1])
    assert dispatch.offer(services, "") == []  # one in eight is free
    dispatch.take_back(services, handed[1:2])
    assert len(dispatch.offer(services, "")) == 2


def test_a_verdict_with_nothing_else_to_write_waits_for_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dispatch.HANDLERS, "NoOp", dispatch.Handler(lambda services, task: None))
    services, now = site.house.services, system_clock()
    with services.db.writing() as session:
        outbox.put_task(session, site.house.shop_id, "NoOp", "", now)
    with services.db.reading() as session:
        task = outbox.task_by_key(session, site.house.shop_id, "NoOp:")
    assert task is not None
    with services.db.writing(site.house.shop_id):  # somebody has the shop for himself
        assert dispatch.run(services, task.id, "test:1")
    assert [row.state for row in site.house.rows(Task) if row.id == task.id] == ["done"]
