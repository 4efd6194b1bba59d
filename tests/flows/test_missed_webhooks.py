"""Two thousand orders on a bad day end as on a good one, and nothing is doubled (issue of the owner's door, 8)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integration.db.care_tables import Cursor, Incident
from integration.db.queries import shops
from integration.db.tables import CodeRow, FollowUpRow, MailRow, OrderRow, Receipt, ShipmentRow, Task
from integration.demo.stores.shopify_data import ADDRESS
from integration.flows import reconcile, taking_in
from integration.flows.shops import connector_of
from integration.worker import ticks
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.shoppers import act, complain, known
from tests.flows.stores import roomy, store
from tests.stores.couriers import ShopifyCourier, Way, WooCommerceCourier

QUARTER = timedelta(minutes=15)
TURNS = 40
DOWN = range(18, 27)  # two hours and a quarter in which we answer nobody
LIVES = ("open",) * 12 + ("sent",) * 6 + ("arrived", "cancelled")
POLICY = {"label": "off", "survey_delay": "0s", "survey_hours": "always", "reminder_delay": "off", "order_notes": False}


FACTS = ("number", "state", "placed_at", "total", "email", "items", "shipping", "discount_codes")
"""What an order says the same by whichever door it came last."""


@dataclass(frozen=True)
class Step:
    """In this turn, this happens to this buyer's order."""

    turn: int
    buyer: int
    what: str


def story(count: int) -> list[Step]:
    """The same for every run: who buys when, and what becomes of it."""
    dice = random.Random(8)
    steps = []
    for buyer in range(count):
        life, first = dice.choice(LIVES), dice.randrange(TURNS)
        steps.append(Step(first, buyer, "sells" if life in ("open", "cancelled") else "sells and sends"))
        if life in ("arrived", "cancelled"):
            later = min(first + dice.randrange(1, 8), TURNS - 1)
            steps.append(Step(later, buyer, {"arrived": "arrives", "cancelled": "cancels"}[life]))
    return sorted(steps, key=lambda step: (step.turn, step.what != "sells", step.buyer))


class WooCommerceDay:
    """What the story does to a WooCommerce shop; `tell` hears the order's id."""

    def __init__(self, house: House, courier: WooCommerceCourier) -> None:
        self.house, self.courier = house, courier
        self.refs: dict[int, int] = {}

    def happens(self, step: Step) -> None:
        if step.what.startswith("sells"):
            status = "shipped" if step.what.endswith("sends") else "processing"
            buyer = {"email": f"buyer{step.buyer}@example.com", "phone": ""}
            self.refs[step.buyer] = 10_000 + step.buyer  # orders share their numbers with webhooks
            store(self.house).add_order(id=self.refs[step.buyer], status="processing", billing=buyer)
            if status == "shipped":
                store(self.house).set_status(self.refs[step.buyer], "partial-shipped")
        else:
            store(self.house).set_status(self.refs[step.buyer], {"arrives": "delivered"}.get(step.what, "cancelled"))
        self.courier.tell(self.refs[step.buyer])


class ShopifyDay:
    """What the story does to a Shopify shop, and what it tells of it."""

    def __init__(self, house: House, courier: ShopifyCourier) -> None:
        self.house, self.courier = house, courier
        self.orders: dict[int, dict[str, Any]] = {}

    def happens(self, step: Step) -> None:
        at = self.house.clock.now.isoformat()
        if step.what.startswith("sells"):
            home = {"shipping_address": ADDRESS | {"phone": None}}
            order = store(self.house).add_order(email=f"buyer{step.buyer}@example.com", **home)
            self.orders[step.buyer] = order
            self.courier.tell("orders/create", order)
            if step.what.endswith("sends"):
                self.courier.tell("fulfillments/create", store(self.house).ship(order["id"]))
                self.courier.tell("orders/updated", order)
        elif step.what == "arrives":
            number = self.orders[step.buyer]["id"]
            self.courier.tell("fulfillment_events/create", store(self.house).delivered_event(number))
        else:
            self.orders[step.buyer] |= {"cancelled_at": at, "updated_at": at}
            self.courier.tell("orders/cancelled", self.orders[step.buyer])


def build(house: House, way: Way, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The courier and the day of a house's platform."""
    if house.side.platform == "shopify":
        shopify = ShopifyCourier(store(house), way, house.clock)
        return shopify, ShopifyDay(house, shopify)
    woocommerce = WooCommerceCourier(store(house), way)
    monkeypatch.setattr("integration.demo.stores.woocommerce_hooks.post", woocommerce.post)
    return woocommerce, WooCommerceDay(house, woocommerce)


def through_one_door(house: House) -> Callable[[Any, bytes], int]:
    """A good day: what a webhook tells is acted on at once, by the door that all webhooks come through."""
    with house.services.db.reading() as session:
        connector = connector_of(session, house.services, shops.shop(session, house.shop_id))

    def post(headers: Any, body: bytes) -> int:
        lower = {name.lower(): value for name, value in headers.items()}
        topic = lower.get("x-wc-webhook-topic") or lower["x-shopify-topic"]
        events = connector.parse(topic, body, house.clock.now)
        assert taking_in.take(house.services, house.shop_id, events) == []
        return 200

    return post


def spend(house: House, way: Way, steps: list[Step], monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole day, quarter by quarter, and the four hours after."""
    courier, day = build(house, way, monkeypatch)
    assert reconcile.look(house.services, house.shop_id, subscribe=True) is not None
    bad = way.lost > 0
    for turn in range(TURNS + 17):
        house.clock.advance(minutes=15)
        way.up = not (bad and turn in DOWN)
        for step in (step for step in steps if step.turn == turn):
            day.happens(step)
        courier.tick()
        if house.side.platform == "shopify":
            roomy(house)
        if way.up:
            way.arrive(0.5 if bad and turn < TURNS else 1.0)
            if bad:
                ticks.reconcile(house.services)
            house.run()


def picture(house: House) -> dict[str, Any]:
    """What became of everything, without our ids and without when we heard of it."""
    orders = {row.id: row for row in house.rows(OrderRow)}
    return {
        "orders": {row.ref: (row.state, row.delivered_at, *map(row.facts.get, FACTS)) for row in orders.values()},
        "parcels": sorted(
            (orders[row.order_id].ref, row.ref, row.state, row.confidence, row.tracking, row.delivered_at)
            for row in house.rows(ShipmentRow)
            if row.state != "cancelled"
        ),
        "followups": sorted((row.key, row.state, row.reason) for row in house.rows(FollowUpRow)),
        "mails": sorted((row.key, row.state) for row in house.rows(MailRow) if not row.kind.startswith("owner")),
        "incidents": sorted((row.kind, row.state) for row in house.rows(Incident)),
        "waiting": sorted(row.kind for row in house.rows(Task) if row.state not in ("done", "ready")),
    }


@pytest.fixture
def houses(tmp_path: Path, clock: StandingClock) -> Iterator[Callable[[str], House]]:
    """Two of them, one for each day."""
    made: list[House] = []

    def make(platform: str) -> House:
        folder = tmp_path / f"house{len(made)}"
        folder.mkdir()
        made.append(House(folder, clock, platform, **POLICY))
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.mark.slow
@pytest.mark.parametrize(("platform", "count"), [("woocommerce", 2000), ("shopify", 2000)])
def test_a_bad_day_ends_as_a_good_one(
    houses: Callable[[str], House], clock: StandingClock, monkeypatch: pytest.MonkeyPatch, platform: str, count: int
) -> None:
    steps, morning = story(count), clock.now
    good = houses(platform)
    spend(good, Way(through_one_door(good), random.Random(1)), steps, monkeypatch)
    evening, clock.now = clock.now, morning

    bad = houses(platform)
    way = Way(bad.post, random.Random(2), lost=0.3, copies=3, shuffled=True)
    spend(bad, way, steps, monkeypatch)
    assert clock.now == evening

    assert way.dropped > count * 0.2
    assert len(bad.rows(Receipt)) < way.handed_over / 2
    seen, wanted = picture(bad), picture(good)
    for what, of_good in wanted.items():
        assert seen[what] == of_good, what
    assert len(wanted["orders"]) == count
    assert_nothing_is_doubled(bad)
    assert_the_owner_heard(bad)


def assert_nothing_is_doubled(house: House) -> None:
    """One survey for each that arrived, however often its news came; one code for each complaint."""
    arrived = [row for row in house.rows(OrderRow) if row.delivered_at]
    assert Counter(str(mail.message["To"]) for mail in house.mails("survey")).most_common(1)[0][1] == 1
    assert len(house.mails("survey")) == len(arrived) >= 10
    for row in arrived[:8]:  # the budget of a day is good for nine
        order = known(house, row.ref)
        for _ in range(2):
            assert complain(house, order) == 200
    for kind in ("CreateDiscount", "SendMail"):
        act(house, kind)
    assert len(house.codes()) == len(house.rows(CodeRow)) == 8


def assert_the_owner_heard(house: House) -> None:
    """The store gave up on us while we were down; its webhooks are there again, and she was told once."""
    (cursor,) = (one for one in house.rows(Cursor) if one.stream == "changes")
    assert (cursor.healed, cursor.reason) == ("", "")
    told = [mail.text for mail in house.mails("owner_notice")]
    assert len(told) == 1
    assert "webhooks" in told[0]
