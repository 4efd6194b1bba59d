"""What kills the process that works on it is tried five times, then shown; it does not come back for ever."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.app import build_services
from integration.db.tables import MailRow, Receipt, Task
from integration.domain.errors import Refused, Temporary
from integration.flows import dispatch, verdicts
from integration.flows.services import Services
from integration.settings import settings_from
from integration.worker import ticks
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.shoppers import command

FIVE = 5


class Killed(BaseException):
    """The process is gone in this moment."""


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's WooCommerce shop with a parcel that arrived, told and not yet taken in."""
    made = House(tmp_path, clock)
    made.post(*made.side.arrive(made.side.sell()))
    yield made
    made.close()


def deadly(kind: str, deaths: list[str], only: str = "") -> dict[str, dispatch.Handler]:
    """Handlers of which one kills, whatever it is given or with one task alone."""
    usual = dispatch.HANDLERS[kind]

    def act(services: Services, task: Task) -> verdicts.Write | None:
        if only and task.id != only:
            return usual.act(services, task)
        deaths.append(task.id)
        raise Killed

    return dispatch.HANDLERS | {kind: dataclasses.replace(dispatch.HANDLERS[kind], act=act)}


def lived(house: House, work: Callable[[Services], object]) -> None:
    """A process that starts, works, and may be killed."""
    services = build_services(settings_from(house.config(), house.folder, {}), clock=house.clock)
    try:
        work(services)
    except Killed:
        pass
    finally:
        services.transport.close()
        services.db.close()


def at_start(services: Services) -> None:
    """A worker that frees what its predecessor held, as on the same machine."""
    dispatch.free_lapsed(services, lambda owner: True)
    ticks.until_idle(services, "a:1")


def after_the_lease(services: Services) -> None:
    """A worker elsewhere that claims what lapsed."""
    ticks.until_idle(services, "b:1")


def handed_on(services: Services) -> None:
    """A worker that gets ids from a broker."""
    for stream in dispatch.STREAMS:
        for task_id in dispatch.offer(services, stream):
            dispatch.run(services, task_id, "c:1")


def task_of(house: House, task_id: str) -> Task:
    [found] = [task for task in house.rows(Task) if task.id == task_id]
    return found


@pytest.mark.parametrize("worker", [at_start, after_the_lease, handed_on])
def test_a_task_that_kills_is_dead_after_five_and_the_owner_hears_of_it(
    house: House, worker: Callable[[Services], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drain()
    deaths: list[str] = []
    killer, innocent, *_later = [task.id for task in house.rows(Task) if task.kind == "RunFollowUp"]
    with monkeypatch.context() as broken:
        broken.setattr(dispatch, "HANDLERS", deadly("RunFollowUp", deaths, only=killer))
        for _ in range(2 * FIVE):
            lived(house, worker)
            house.clock.advance(minutes=11)
    house.run()
    assert deaths == [killer] * FIVE
    assert (task_of(house, killer).state, task_of(house, killer).reason) == ("dead", "kills_the_worker")
    assert task_of(house, innocent).state == "done"  # it was in the same hand
    assert "owner_notice" in house.kinds()
    assert "It ended the program five times" in command(house, "tasks", "list")


def test_two_killers_in_one_hand_end_no_more_than_five_workers_each(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drain()
    deaths: list[str] = []
    with monkeypatch.context() as broken:
        broken.setattr(dispatch, "HANDLERS", deadly("RunFollowUp", deaths))
        for _ in range(3 * FIVE):
            lived(house, at_start)
    killers = set(deaths)
    assert len(killers) == 2
    assert max(deaths.count(killer) for killer in killers) == FIVE
    assert {(task_of(house, one).state, task_of(house, one).reason) for one in killers} == {
        ("dead", "kills_the_worker")
    }


def test_once_the_killer_is_mended_its_task_can_be_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.drain()
    with monkeypatch.context() as broken:
        broken.setattr(dispatch, "HANDLERS", deadly("RunFollowUp", []))
        for _ in range(3 * FIVE):
            lived(house, at_start)
    for task in house.rows(Task):
        if task.state == "dead":
            command(house, "tasks", "retry", task.id)
    house.run()
    assert sorted(set(house.kinds())) == ["label", "owner_notice", "survey"]
    assert {task.lapses for task in house.rows(Task)} == {0}


def test_a_worker_that_lives_to_tell_ends_the_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.drain()
    deaths: list[str] = []
    for _ in range(3):
        with monkeypatch.context() as broken:
            broken.setattr(dispatch, "HANDLERS", deadly("SendMail", deaths))
            for _ in range(FIVE - 1):
                lived(house, after_the_lease)
                house.clock.advance(minutes=11)
        refusing = dispatch.HANDLERS | {
            "SendMail": dataclasses.replace(dispatch.HANDLERS["SendMail"], act=_refuses),
        }
        with monkeypatch.context() as broken:
            broken.setattr(dispatch, "HANDLERS", refusing)
            lived(house, after_the_lease)
            house.clock.advance(minutes=16)
    assert "dead" not in {task.state for task in house.rows(Task)}
    house.run()
    assert {"label", "survey"} <= set(house.kinds())


def _refuses(_services: Services, _task: Task) -> None:
    raise Refused("mail_login_refused")


def test_a_mail_that_may_be_out_is_in_doubt_whoever_died_of_it(house: House) -> None:
    house.drain()
    while ticks.act(house.services, "a:1", streams=[""]):
        pass
    with house.services.db.writing() as session:
        for task in house.rows(Task):
            if task.kind == "SendMail":
                session.merge(task).lapses = FIVE
        for mail in house.rows(MailRow):
            here = session.merge(mail)
            here.state, here.copies = "sending", 1
    house.run()
    assert {(mail.kind, mail.state) for mail in house.rows(MailRow)} >= {("label", "queued"), ("survey", "ambiguous")}
    assert house.kinds() == []


def killing(services: Services) -> None:
    """A process that is killed over what a webhook brought."""

    def pull(name: str) -> None:
        if name == "receipt_acted":
            raise Killed

    ticks.drain(dataclasses.replace(services, checkpoint=pull))


def test_a_webhook_that_kills_is_set_aside_after_five_and_holds_up_no_other(house: House) -> None:
    assert house.post(*house.side.arrive(house.side.sell(email="ana@example.com"))) == 200
    for _ in range(FIVE):
        lived(house, killing)
        assert {receipt.state for receipt in house.receipts()} == {"kept"}
    house.run()
    first, second = sorted(house.receipts(), key=lambda receipt: receipt.id)
    assert (first.state, first.reason, second.state) == ("failed", "kills_the_worker", "done")
    assert first.done_at
    assert house.kinds().count("label") == 1
    assert "owner_notice" in house.kinds()
    command(house, "replay", first.id)
    house.run()
    assert {receipt.state for receipt in house.receipts()} == {"done"}
    assert house.kinds().count("label") == 2


def test_only_the_first_webhook_of_a_process_costs_a_commit_more(house: House) -> None:
    for _ in range(3):
        house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    assert sorted(receipt.begun for receipt in house.receipts()) == [0, 0, 0, 1]


def test_a_database_in_trouble_counts_as_no_death(house: House) -> None:
    def broken(name: str) -> None:
        if name == "receipt_acted":
            raise Temporary("database_busy", why="database or disk is full")

    unlucky = dataclasses.replace(house.services, checkpoint=broken)
    for _ in range(2 * FIVE):
        with pytest.raises(Temporary, match="disk is full"):
            ticks.drain(unlucky)
    [receipt] = house.rows(Receipt)
    assert (receipt.state, receipt.begun) == ("kept", 1)
