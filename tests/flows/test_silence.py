"""Every parcel ends delivered, as an incident, or has a day by which something happens; none stays silent."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from integration.db.care_tables import Incident
from integration.db.tables import OrderRow, ShipmentRow
from integration.domain.events import OrderChanged, ShipmentChanged
from integration.domain.facts import Confidence, Order, Shipment, ShipmentState
from integration.domain.money import Money
from integration.flows import connecting, intake
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import look, store

DAY = timedelta(days=1)


def sent(house: House, **parcel: Any) -> dict[str, Any]:
    """An order with a parcel under way, known to us."""
    order: dict[str, Any] = store(house).add_order()
    store(house).ship(order["id"], **parcel)
    assert house.post(*store(house).signed_webhook("orders/updated", order)) == 200
    house.run()
    return order


def tell(house: House, order: dict[str, Any], status: str) -> None:
    """The carrier says something of its parcel, a minute later."""
    house.clock.advance(minutes=1)
    assert (
        house.post(*store(house).signed_webhook("fulfillment_events/create", store(house).event(order["id"], status)))
        == 200
    )
    house.run()


def wait(house: House, **units: float) -> None:
    house.clock.advance(**units)
    house.run()


def parcel(house: House) -> ShipmentRow:
    (found,) = house.rows(ShipmentRow)
    return found


def silent(house: House) -> list[str]:
    """Parcels of which nobody knows what becomes: the promise is that there are none."""
    looked_for = {incident.shipment_id for incident in house.rows(Incident) if incident.state == "open"}
    ended = {"delivered", "cancelled"}
    gone = {
        row.id for row in house.rows(OrderRow) if row.state in ("cancelled", "refunded", "removed") or row.erased_at
    }
    return [
        f"{row.ref} {row.state}"
        for row in house.rows(ShipmentRow)
        if row.state not in ended and row.order_id not in gone and row.id not in looked_for
        and not (row.act_by and row.act_by > house.clock.now - DAY)
    ]  # fmt: skip


def test_nothing_heard_for_ten_days_counts_as_delivered(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    sent(house)
    assert parcel(house).act_by == house.clock.now + 10 * DAY
    wait(house, days=9, hours=23)
    assert house.kinds() == []
    wait(house, hours=1)
    assert (parcel(house).state, parcel(house).confidence) == ("delivered", "assumed")
    assert parcel(house).delivered_at == house.clock.now
    assert house.kinds() == ["label", "survey"]
    assert parcel(house).act_by is None


def test_where_nothing_is_assumed_the_owner_hears_of_it_once(make_house: MakeHouse) -> None:
    house = make_house("shopify", assume_after="off", silent_after="15d")
    order = sent(house)
    other = sent(house)
    wait(house, days=15)
    for _ in range(3):
        wait(house, days=1)
    (notice,) = house.mails("owner_notice")
    assert order["name"] in notice.text
    assert other["name"] in notice.text
    assert {(one.kind, one.state) for one in house.rows(Incident)} == {("silent", "open")}


def test_news_of_the_parcel_ends_the_incident(make_house: MakeHouse) -> None:
    house = make_house("shopify", assume_after="off", silent_after="15d", max_age="off")
    order = sent(house)
    wait(house, days=16)
    tell(house, order, "delivered")
    (incident,) = house.rows(Incident)
    assert (incident.state, incident.closed_at) == ("closed", house.clock.now)
    assert house.kinds() == ["owner_notice", "label", "survey"]


def test_a_failed_delivery_is_told_after_three_days_and_again_when_it_fails_again(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    order = sent(house)
    tell(house, order, "attempted_delivery")
    wait(house, days=2)
    assert house.mails("owner_notice") == []
    wait(house, days=1)
    assert len(house.mails("owner_notice")) == 1
    house.clock.advance(hours=1)
    tell(house, order, "out_for_delivery")
    assert [one.state for one in house.rows(Incident)] == ["closed"]
    house.clock.advance(hours=1)
    tell(house, order, "attempted_delivery")
    wait(house, days=3)
    assert [(one.kind, one.state) for one in house.rows(Incident)] == [("failed", "open")]
    assert len(house.mails("owner_notice")) == 2


def test_a_parcel_on_its_way_back_is_told_at_once(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    order = sent(house)
    back = Shipment(str(order["fulfillments"][0]["id"]), "returning")
    with house.services.db.writing() as session:
        told = ShipmentChanged(str(order["id"]), back, house.clock.now)
        intake.handle(session, house.services, house.shop(session), told, house.clock.now)
    house.run()
    (notice,) = house.mails("owner_notice")
    assert order["name"] in notice.text


def test_an_order_that_cannot_be_read_is_somebodys_matter_after_a_day(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    order = store(house).add_order()
    store(house).ship(order["id"])
    told = store(house).signed_webhook("fulfillments/create", order["fulfillments"][0])
    del store(house).shop.orders[order["id"]]
    assert house.post(*told) == 200
    house.run()
    before = len(house.mails("owner_notice"))
    wait(house, days=1)
    notices = house.mails("owner_notice")[before:]
    assert [str(order["id"]) in notice.text for notice in notices] == [True]


def test_an_order_that_is_gone_waits_for_nothing(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    order = sent(house)
    order["cancelled_at"] = order["updated_at"] = (house.clock.now + timedelta(minutes=1)).isoformat()
    assert house.post(*store(house).signed_webhook("orders/cancelled", order)) == 200
    house.run()
    assert parcel(house).act_by is None
    wait(house, days=20)
    assert (house.kinds(), house.rows(Incident)) == ([], [])


def test_a_completed_order_arrives_by_its_status_before_its_silence(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    ref = house.side.sell()
    store(house).set_status(int(ref), "completed")
    look(house)
    assert parcel(house).act_by == house.clock.now + 4 * DAY
    wait(house, days=4)
    assert parcel(house).confidence == "assumed"
    assert parcel(house).act_by is None


@pytest.mark.parametrize("provider", ["Correos", ""])
def test_the_day_a_plugin_says_it_was_sent_is_the_day_it_was_sent(make_house: MakeHouse, provider: str) -> None:
    house = make_house("woocommerce", delivered_when="delivered")
    ref = house.side.sell()
    shipped = int((house.clock.now - 3 * DAY).timestamp())
    tracked = {
        "tracking_provider": provider,
        "tracking_number": "PK1",
        "date_shipped": str(shipped),
        "tracking_id": "a",
    }
    store(house).shop._order(int(ref))["meta_data"].append({"key": "_wc_shipment_tracking_items", "value": [tracked]})
    look(house)
    assert parcel(house).shipped_at == house.clock.now - 3 * DAY
    assert parcel(house).act_by == house.clock.now + 7 * DAY
    wait(house, days=7)
    assert (parcel(house).state, parcel(house).confidence) == ("delivered", "assumed")


def test_a_core_fulfilment_is_a_parcel_under_way(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    ref = house.side.sell()
    store(house).shop._order(int(ref))["meta_data"].append({"key": "_fulfillment_status", "value": "fulfilled"})
    look(house)
    assert parcel(house).state == "under_way"
    assert parcel(house).act_by == house.clock.now + 10 * DAY


def test_a_paused_shop_assumes_nothing_until_it_goes_on(make_house: MakeHouse) -> None:
    house = make_house("shopify", max_age="off")
    sent(house)
    connecting.set_state(house.services, house.side.name, "paused")
    wait(house, days=12)
    assert parcel(house).state == "under_way"
    connecting.set_state(house.services, house.side.name, "live")
    house.run()
    assert parcel(house).state == "delivered"


def told_of(dice: random.Random, number: int, now: datetime) -> list[Order]:
    """What a store might tell of one order, in any order of its own: states, parcels, times."""
    told = []
    for place in range(dice.randint(1, 4)):
        at = now - timedelta(hours=dice.randint(0, 200), seconds=place)
        parcels = tuple(
            Shipment(
                f"p{one}", dice.choice(get_args(ShipmentState)), dice.choice(get_args(Confidence)),
                shipped_at=dice.choice([None, at, now + 40 * DAY]), delivered_at=dice.choice([None, at]),
            )
            for one in range(dice.randint(0, 3))
        )  # fmt: skip
        state = dice.choice(["open", "shipped", "shipped", "delivered", "cancelled", "refunded"])
        money = Money.of(40, "EUR")
        told.append(
            Order(
                f"o{number}", str(number), state, dice.choice(["processing", "completed", "delivered", "fulfilled"]),
                at, at, money, money, status_at=dice.choice([None, at]), email=f"buyer{number}@example.com",
                shipments=parcels,
            )
        )  # fmt: skip
    return told


def silent_orders(house: House) -> list[str]:
    """Orders that left the shop and neither arrived, nor are looked for, nor have a day by which something happens."""
    parcels = house.rows(ShipmentRow)
    waited_for = {row.order_id for row in parcels if row.act_by and row.act_by > house.clock.now - DAY}
    waited_for |= {one.order_id for one in house.rows(Incident) if one.state == "open"}
    return [
        f"{row.ref} {row.state}"
        for row in house.rows(OrderRow)
        if row.state in ("shipped", "delivered") and not row.delivered_at and row.id not in waited_for
    ]


@pytest.mark.parametrize("policy", [{}, {"assume_after": "off"}], ids=["assumes", "asks"])
def test_no_order_that_was_sent_stays_silent_whatever_its_store_tells(
    make_house: MakeHouse, policy: dict[str, str]
) -> None:
    house = make_house("woocommerce", label="off", delivered_when="delivered", survey_delay="300d", **policy)
    dice = random.Random(20261121)  # the same orders every time
    for number in range(150):
        with house.services.db.writing() as session:
            for order in told_of(dice, number, house.clock.now):
                event = OrderChanged(order, asked=True)
                intake.handle(session, house.services, house.shop(session), event, house.clock.now)
    assert {row.state for row in house.rows(OrderRow)} > {"shipped", "delivered", "cancelled"}
    for _ in range(30):
        assert silent(house) == []
        assert silent_orders(house) == []
        house.clock.advance(days=2)
        house.run()
    assert all(row.confidence for row in house.rows(ShipmentRow) if row.state == "delivered")
    assert sum(1 for row in house.rows(OrderRow) if row.delivered_at) > 30


@pytest.mark.parametrize("policy", [{}, {"assume_after": "off"}], ids=["assumes", "asks"])
def test_no_state_stays_silent(make_house: MakeHouse, policy: dict[str, str]) -> None:
    """Every state a parcel can be in, told in every place of an order's life, watched for two months."""
    house = make_house("shopify", **policy)
    for first in get_args(ShipmentState):
        for second in get_args(ShipmentState):
            order = store(house).add_order()
            number = str(store(house).ship(order["id"])["id"])
            with house.services.db.writing() as session:
                for place, state in enumerate((first, second)):
                    at = house.clock.now + timedelta(minutes=place)
                    told = ShipmentChanged(str(order["id"]), Shipment(number, state, shipped_at=house.clock.now), at)
                    intake.handle(session, house.services, house.shop(session), told, at)
    for _ in range(60):
        house.clock.advance(days=1)
        store(house).bucket.available = 10**9
        house.run()
        assert silent(house) == []
    assert all(row.act_by is None for row in house.rows(ShipmentRow))
