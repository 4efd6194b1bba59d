"""One shop, order or delivery in trouble holds up no other."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from integration.db.care_tables import PrivacyRequest
from integration.db.queries import shops
from integration.db.tables import Connection, OrderRow, Receipt, ShipmentRow, Shop, Task
from integration.demo.sides import WooCommerceSide
from integration.domain.errors import Refused, Temporary
from integration.domain.facts import Person
from integration.flows import alerts, apart, connecting, daily, dispatch, intake, past, person_requests
from integration.flows.services import Services
from integration.worker import ticks
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import arrived_untold
from tests.flows.test_faults_input import post, told
from webhooks import inbox


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


@pytest.fixture
def zoe(house: House) -> Iterator[tuple[WooCommerceSide, Shop, Connection]]:
    """Another shop of the same installation, which comes after Mia's everywhere."""
    side = WooCommerceSide(house.clock)
    house.clock.advance(seconds=1)
    shop, connection, _ = connecting.add(house.services, dataclasses.replace(side.start(), name="Zoe"), check=True)
    yield side, shop, connection
    side.stop()


def keys_lost(house: House) -> None:
    """Nobody can read Mia's keys any more."""
    with house.services.db.writing() as session:
        hers = update(Connection).where(col(Connection.id) == house.connection.id)
        session.execute(hers.values(sealed_credentials="lost:key"))


@pytest.mark.parametrize("amount", ["\ud800", "12\0"], ids=["half a sign", "NUL"])
def test_an_amount_that_no_database_takes_is_set_aside(house: House, amount: str) -> None:
    headers, values = told(house)
    assert post(house, headers, json.dumps(values | {"total": amount}).encode()) == 200
    house.run()
    [receipt] = house.receipts()
    assert receipt.state == "unreadable"
    assert receipt.reason.startswith("bad_amount")
    house.deliver()
    assert house.kinds().count("label") == 1


def test_an_inbox_that_is_stuck_holds_up_no_other_shop_and_is_free_after_five_tries(
    house: House, zoe: tuple[WooCommerceSide, Shop, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    side, shop, connection = zoe
    house.post(*house.side.arrive(house.side.sell()))
    headers, body = side.arrive(side.sell())
    house.client.post(f"/webhooks/woocommerce/{connection.key}", headers=dict(headers), data=body)
    take, mine = inbox._take, house.shop_id

    def poisoned(session: Session, services: Services, receipt: Receipt) -> str:
        if receipt.shop_id == mine:
            raise KeyError("a bug of ours")
        return take(session, services, receipt)

    def unkept(*_: Any) -> None:
        raise ValueError("it cannot be set aside")

    monkeypatch.setattr(inbox, "_take", poisoned)
    with monkeypatch.context() as broken:
        broken.setattr(inbox, "_set_aside", unkept)
        for _ in range(inbox.DEATHS):
            house.drain()
    state = {receipt.shop_id: receipt.state for receipt in house.receipts()}
    assert state == {mine: "kept", shop.id: "done"}
    house.drain()
    [stuck] = [receipt for receipt in house.receipts() if receipt.shop_id == mine]
    assert (stuck.state, stuck.reason) == ("failed", "kills_the_worker")


def test_a_shop_whose_keys_cannot_be_read_has_its_turn_and_the_next_is_looked_at(
    house: House, zoe: tuple[WooCommerceSide, Shop, Connection]
) -> None:
    keys_lost(house)
    house.clock.advance(minutes=16)
    side, shop, _ = zoe
    side.arrive(side.sell())
    assert ticks.reconcile(house.services) == 1
    assert {order.shop_id for order in house.rows(OrderRow)} == {shop.id}
    assert ticks.reconcile(house.services) == 0  # neither is due before a quarter of an hour has passed


def test_a_past_that_cannot_be_read_holds_up_no_other(
    house: House, zoe: tuple[WooCommerceSide, Shop, Connection]
) -> None:
    side, shop, _ = zoe
    side.arrive(side.sell())
    for shop_id in (house.shop_id, shop.id):
        past.ask(house.services, shop_id)
    keys_lost(house)
    assert past.turn(house.services) == 1
    assert past.turn(house.services) == 0


def test_an_order_that_cannot_be_settled_holds_up_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    with house.services.db.writing() as session:
        session.execute(update(ShipmentRow).values(act_by=house.clock()))
    odd, seen, settle = house.rows(OrderRow)[0].id, list[str](), intake.settle

    def settled(session: Session, services: Services, shop: Shop, row: OrderRow, *more: Any) -> None:
        seen.append(row.id)
        if row.id == odd:
            raise KeyError("a bug of ours")
        settle(session, services, shop, row, *more)

    monkeypatch.setattr(intake, "settle", settled)
    ticks.watch(house.services)
    assert len(seen) == 3
    ticks.watch(house.services)
    assert len(seen) == 3  # it is tried again an hour later


def test_a_morning_that_fails_holds_up_no_other(
    house: House, zoe: tuple[WooCommerceSide, Shop, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, told_of = daily._tell, list[str]()

    def telling(session: Session, services: Services, shop: Shop, *more: Any) -> None:
        if shop.id == house.shop_id:
            raise KeyError("a bug of ours")
        told_of.append(shop.id)
        tell(session, services, shop, *more)

    monkeypatch.setattr(daily, "_tell", telling)
    house.clock.advance(days=1)
    assert daily.run(house.services) == 1
    assert told_of == [zoe[1].id]


def test_a_request_whose_owner_cannot_be_told_holds_up_no_other(
    house: House, zoe: tuple[WooCommerceSide, Shop, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = Person("sam@example.com", customer_ref="", order_refs=())
    with house.services.db.writing() as session:
        for shop in (house.shop(session), session.get_one(Shop, zoe[1].id)):
            person_requests.ask(session, house.services, shop, "export", sam, "store", house.clock())
    house.clock.advance(hours=25)
    tell, told_of = alerts.tell_owner, list[str]()

    def telling(session: Session, services: Services, shop: Shop, *more: Any) -> None:
        told_of.append(shop.id)
        if shop.id == house.shop_id:
            raise KeyError("a bug of ours")
        tell(session, services, shop, *more)

    monkeypatch.setattr(alerts, "tell_owner", telling)
    assert person_requests.tell_overdue(house.services) == 1
    assert sorted(told_of) == sorted([house.shop_id, zoe[1].id])


@pytest.mark.parametrize("raised", [KeyError("a bug"), Refused("access_refused"), Temporary("unreachable")], ids=repr)
def test_what_one_raises_is_told_and_the_others_go_on(
    house: House, raised: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def act(shop_id: str) -> int:
        if shop_id == "mia":
            raise raised
        return 2

    assert apart.each(house.services, ["mia", "zoe", "ana"], act) == 4
    assert [record.message.split(":")[0] for record in caplog.records] == ["shop mia"]


@pytest.mark.parametrize("away", [True, False])
def test_the_others_go_on_where_one_shops_rows_are_held_and_not_where_the_database_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    tried = list[str]()

    def act(shop_id: str) -> int:
        tried.append(shop_id)
        if shop_id == "mia":
            raise Temporary("database_busy")
        return 2

    def busy() -> NoReturn:
        raise Temporary("database_busy")

    if away:
        monkeypatch.setattr(house.services.db, "marking", busy)
    with pytest.raises(Temporary, match="database_busy"):
        apart.each(house.services, ["mia", "zoe"], act)
    everything = away or house.services.db.engine.dialect.name == "sqlite"
    assert tried == (["mia"] if everything else ["mia", "zoe"])


def test_a_shop_that_was_forgotten_is_not_taken_for_one_that_came_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.services.db.writing() as session:
        shop = shops.shop(session, house.shop_id)
        person_requests.ask(session, house.services, shop, "erase_shop", Person(), "store", house.clock())
    [task] = [task for task in house.rows(Task) if task.kind == "EraseShop"]

    def let_go(_services: Services, _shop_id: str) -> None:
        raise Refused("access_refused")

    with monkeypatch.context() as gone:
        gone.setattr(person_requests, "_connected", let_go)
        dispatch.HANDLERS["EraseShop"].act(house.services, task)
    [request] = house.rows(PrivacyRequest)
    assert request.state == "done"
    dispatch.HANDLERS["EraseShop"].act(house.services, task)  # its verdict was lost, and the shop was connected again
    assert house.rows(PrivacyRequest) == [request]


def test_a_look_that_webhooks_missed_is_for_each_shop(
    house: House, zoe: tuple[WooCommerceSide, Shop, Connection]
) -> None:
    arrived_untold(house)
    zoe[0].arrive(zoe[0].sell())
    house.clock.advance(minutes=16)
    assert ticks.reconcile(house.services) == 2
