"""A large shop is forgotten piece by piece: no worker has it for long, and whatever comes between, it ends once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Response

from integration.db.care_tables import PrivacyRequest
from integration.db.queries import outbox
from integration.db.tables import OrderRow, Task
from integration.domain.events import PersonAsked, ShopForgotten
from integration.domain.facts import Person
from integration.flows import claims, dispatch, erasures, intake, person_requests
from integration.flows.services import Services
from integration.worker import ticks
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import refuse, store

ORDERS, AT_ONCE, A_RUN = 9, 2, 2
OTHER = "AssumeDelivered"


class Killed(BaseException):
    """The process is gone in this moment."""


@pytest.fixture
def house(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> House:
    """Mia's Shopify shop, which let us go and asked for its people to be forgotten; few orders are many here."""
    monkeypatch.setattr(person_requests, "_AT_ONCE", AT_ONCE)
    monkeypatch.setattr(person_requests, "_A_RUN", A_RUN)
    made = make_house("shopify")
    made.deliver(email="sam@example.com")
    [first] = made.rows(OrderRow)
    with made.services.db.writing() as session:
        for number in range(1, ORDERS):
            session.add(OrderRow(**first.model_dump() | {"id": f"order_{number}", "ref": f"sam-{number}"}))
        intake.handle(session, made.services, made.shop(session), PersonAsked(Person("sam@example.com")), made.clock())
    made.run()
    made.clock.advance(minutes=1)
    refuse(made)
    with made.services.db.writing() as session:
        intake.handle(session, made.services, made.shop(session), ShopForgotten(), made.clock())
    return made


def request(house: House) -> PrivacyRequest:
    [found] = [one for one in house.rows(PrivacyRequest) if one.kind == "erase_shop"]
    return found


def task(house: House) -> Task:
    [found] = [one for one in house.rows(Task) if one.kind == "EraseShop"]
    return found


def forgotten(house: House) -> int:
    return sum(row.erased_at is not None for row in house.rows(OrderRow))


def piece(house: House) -> None:
    """One run of the task."""
    assert dispatch.run(house.services, task(house).id, "a:1")


def at_each(house: House, act: Callable[[], object]) -> Services:
    """Services with which something happens in every transaction that forgets."""

    def reached(name: str) -> None:
        if name == "erasure_noted":
            act()

    return dataclasses.replace(house.services, checkpoint=reached)


def killed(house: House, transaction: int) -> None:
    """A worker begins a piece and dies within a transaction; the next may come, since the lease is over."""
    seen = list[int]()

    def pull() -> None:
        seen.append(1)
        if len(seen) == transaction:
            raise Killed

    with pytest.raises(Killed):
        dispatch.run(at_each(house, pull), task(house).id, "a:1")
    house.clock.advance(minutes=11)


def notices(house: House, words: str) -> int:
    return sum(words in mail.text for mail in house.mails("owner_notice"))


def test_one_run_forgets_some_and_the_task_is_due_again_as_if_new(house: House) -> None:
    written = list((house.folder / "people").iterdir())
    house.clock.advance(minutes=1)
    piece(house)
    left = task(house)
    assert forgotten(house) == request(house).found == AT_ONCE * A_RUN
    assert (left.state, left.reason, left.attempts, left.lapses, left.owner) == ("ready", "", 0, 0, "")
    assert (left.due_at, left.lease_until, left.done_at) == (house.clock(), None, None)
    assert request(house).state == "open"
    assert written
    assert all(path.exists() for path in written)


def test_the_last_run_closes_the_request_and_the_owner_hears_once(house: House) -> None:
    house.run()
    assert (request(house).state, request(house).found, request(house).sealed_person) == ("done", ORDERS, "")
    assert (forgotten(house), task(house).state) == (ORDERS, "done")
    assert task(house).fence == 1 + ORDERS // (AT_ONCE * A_RUN)
    assert notices(house, "Ya está hecho: 9 pedidos") == 1
    assert list((house.folder / "people").iterdir()) == []


def test_what_falls_due_meanwhile_is_done_between_two_runs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[int]()
    handler = dispatch.Handler(lambda services, task: seen.append(forgotten(house)))
    monkeypatch.setattr(dispatch, "HANDLERS", dispatch.HANDLERS | {OTHER: handler})
    soon = house.clock() + timedelta(seconds=1)
    with house.services.db.writing() as session:
        outbox.put_task(session, house.shop_id, OTHER, "it", house.clock(), due_at=soon)
    ticks.act(at_each(house, lambda: house.clock.advance(seconds=1)), "a:1", streams=[""])
    assert seen == [AT_ONCE * A_RUN]
    assert request(house).state == "done"


def test_a_worker_that_has_to_end_leaves_the_rest_to_the_next(house: House) -> None:
    stopping = list[int]()
    ticks.act(at_each(house, lambda: stopping.append(1)), "a:1", lambda: not stopping)
    assert (forgotten(house), task(house).state) == (AT_ONCE * A_RUN, "ready")
    ticks.act(house.services, "b:1")
    assert request(house).state == "done"


def test_workers_that_die_over_it_make_it_no_killer_while_it_gets_on(house: House) -> None:
    deaths = claims.DEATHS - 2
    for _ in range(2):
        for _ in range(deaths):
            killed(house, transaction=1)
        assert task(house).lapses == deaths - 1
        piece(house)
        assert (task(house).state, task(house).lapses) == ("ready", 0)
    house.run()
    assert (request(house).state, task(house).state) == ("done", "done")


def test_what_a_dead_worker_committed_stays_and_is_counted_once(house: House) -> None:
    killed(house, transaction=2)
    assert forgotten(house) == request(house).found == AT_ONCE
    house.run()
    assert (forgotten(house), request(house).found) == (ORDERS, ORDERS)
    assert {one.order for one in erasures.noted(house.services.settings)} == {row.ref for row in house.rows(OrderRow)}
    assert notices(house, "Ya está hecho") == 1


def test_a_store_that_does_not_answer_between_two_runs_has_all_its_tries_again(house: House) -> None:
    for _ in range(2):
        store(house).answers.append(Response("busy", 503))
        piece(house)
        assert (task(house).attempts, task(house).reason) == (1, "store_busy")
        house.clock.advance(hours=1)
        piece(house)
        assert (task(house).attempts, task(house).failing_since) == (0, None)
    assert (forgotten(house), request(house).state) == (2 * AT_ONCE * A_RUN, "open")


def test_a_shop_that_is_connected_again_meanwhile_keeps_the_rest_and_its_owner_hears_how_much_went(
    house: House,
) -> None:
    piece(house)
    refuse(house, refused=False)
    house.run()
    assert (request(house).state, request(house).found, task(house).state) == ("refused", AT_ONCE * A_RUN, "done")
    assert [bool(row.facts) for row in house.rows(OrderRow)].count(True) == ORDERS - AT_ONCE * A_RUN
    assert notices(house, "sin datos de personas: 4.") == 1
    assert notices(house, "No se borró nada") == 0
