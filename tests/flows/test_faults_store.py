"""E11 f, h and E14: the store throttles, hangs, talks nonsense, repeats itself or speaks of the past."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.db.tables import CodeRow, FollowUpRow, OrderRow, Receipt, ReturnRow, Task
from tests.conftest import NewDatabase, StandingClock
from tests.flows.house import House
from tests.flows.owners_eyes import Eyes
from tests.flows.shoppers import arrived, complain, store_of
from tests.flows.stores import arrived_untold, behind, look, roomy, store, upstream
from tests.stores.faults import Faults

GENEROUS = {"customer_max": 99, "day_budget": 9999, "month_budget": 9999}
PASSING = ("429", "500", "503", "html", "rubbish", "empty", "cut json", "short", "html after", "hang up", "hang")


@pytest.fixture(params=["woocommerce", "shopify"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock, new_database: NewDatabase
) -> Iterator[House]:
    """Mia's shop on one platform."""
    made = House(tmp_path, clock, request.param, new_database(tmp_path))
    if request.param == "shopify":
        roomy(made)
    yield made
    made.close()


@pytest.fixture
def mia(tmp_path: Path, clock: StandingClock, new_database: NewDatabase) -> Iterator[House]:
    """Mia's WooCommerce shop."""
    made = House(tmp_path, clock, database=new_database(tmp_path), compensation=dict(GENEROUS))
    yield made
    made.close()


@pytest.mark.parametrize("fault", PASSING)
def test_a_store_that_cannot_be_read_for_a_while_hides_no_delivery(shop: House, fault: str) -> None:
    arrived_untold(shop)
    with Faults(upstream(shop)) as line:
        behind(shop, line, patience=0.5 if fault == "hang" else 10)
        line.now = fault
        assert look(shop).problem is not None
        line.now = ""
        behind(shop, line)
        shop.clock.advance(minutes=20)
        assert look(shop).found >= 1
        shop.run()
    assert sorted(shop.kinds()) == ["label", "survey"]


def test_a_store_that_cannot_be_read_for_hours_is_shown_with_its_reason(shop: House) -> None:
    eyes = Eyes(shop)
    look(shop)
    with Faults(upstream(shop)) as line:
        behind(shop, line)
        line.now = "503"
        for _ in range(5):
            shop.clock.advance(minutes=20)
            look(shop)
        assert {"reading", "store"} <= eyes.wrong()
        line.now = ""
        shop.clock.advance(minutes=20)
        look(shop)
        assert not {"reading", "store"} & eyes.wrong()


def test_a_storm_of_429_over_twenty_codes_makes_each_once_and_waits_as_long_as_it_is_told(mia: House) -> None:
    orders = [arrived(mia, number) for number in range(20)]
    mia.run()
    dice = random.Random(7)
    with Faults(upstream(mia)) as line:
        behind(mia, line)
        line.now = "503"  # with Retry-After: 120
        assert {complain(mia, order) for order in orders} == {200}
        mia.run()
        waits = {task.due_at - mia.clock.now for task in mia.rows(Task) if task.kind == "CreateDiscount"}
        assert min(waits).total_seconds() >= 120
        for _ in range(40):
            line.now, line.once = dice.choice(["429", "503", "", "hang up"]), dice.random() < 0.5
            mia.clock.advance(minutes=10)
            mia.run()
        line.now = ""
        mia.clock.advance(hours=7)
        mia.run()
    codes = [held.code for held in mia.codes()]
    assert len(codes) == len(set(codes)) == 20
    assert {row.state for row in mia.rows(CodeRow)} == {"mailed"}
    assert mia.kinds().count("discount_code") == 20


@pytest.fixture
def ana(tmp_path: Path, clock: StandingClock, new_database: NewDatabase) -> Iterator[House]:
    """Ana's Shopify shop, as generous as Mia's; its bucket of points is full."""
    made = House(tmp_path, clock, "shopify", new_database(tmp_path), compensation=dict(GENEROUS))
    roomy(made)
    yield made
    made.close()


def test_a_bucket_that_leaks_slowly_delays_six_codes_and_doubles_none(ana: House, clock: StandingClock) -> None:
    for number in range(6):
        ana.deliver(email=f"sam{number}@sam{number}.example")
    bucket = store(ana).bucket
    bucket.maximum, bucket.available, bucket.rate = 30, 0.0, 1  # points for a few codes at a time
    for mail in ana.mails("label"):
        path = mail.link("c").removeprefix("https://mia.example")
        assert ana.client.post(path, data={"cause": "damaged"}).status_code == 200
    ana.run()
    waiting = [task for task in ana.rows(Task) if task.kind == "CreateDiscount"]
    assert {(task.state, task.due_at > clock.now) for task in waiting} == {("ready", True)}
    assert ana.codes() == []
    made = []
    for minutes in [1] * 12 + [20] * 12:
        clock.advance(minutes=minutes)
        ana.run()
        made.append(len(ana.codes()))
    assert len({number for number in made if number}) > 1, made  # not all at once
    assert made[-1] == len({held.code for held in ana.codes()}) == 6
    assert {row.state for row in ana.rows(CodeRow)} == {"mailed"}
    assert ana.kinds().count("discount_code") == 6


def test_while_the_store_is_away_complaints_and_returns_are_taken_and_answered(mia: House) -> None:
    mia.deliver()
    [order] = store_of(mia).shop.orders.values()
    item = order["line_items"][0]["id"]
    with Faults(upstream(mia)) as line:
        behind(mia, line)
        line.now = "hang up"
        form = {f"item-{item}": "1", "reason": "damaged", "wish": "refund"}
        assert mia.client.post(mia.link("label", "r"), data=form).status_code == 200
        assert mia.complain("damaged", "Llegó rota").status_code == 200
        mia.run()
    assert len(mia.rows(ReturnRow)) == 1
    assert {"return_ack", "owner_return", "complaint_ack"} <= set(mia.kinds())


def test_a_delivery_told_three_times_in_any_order_with_older_news_between_acts_once(shop: House) -> None:
    ref, earlier = _sold(shop)
    shop.clock.advance(seconds=5)
    told = [shop.side.arrive(ref)] * 3 + [earlier] * 2
    random.Random(7).shuffle(told)
    for one in told:
        assert shop.post(*one) == 200
        shop.run()
    assert sorted(shop.kinds()) == ["label", "survey"]
    assert all(order.delivered_at for order in shop.rows(OrderRow))


def _sold(shop: House) -> tuple[str, tuple[dict[str, str], bytes]]:
    """An order on its way, and what the store says of it before it arrives."""
    made = store(shop)
    if shop.connection.platform == "woocommerce":
        ref = shop.side.sell()
        return ref, made.signed_webhook(int(ref), "order.updated", shop.secret)
    order = made.add_order()
    made.ship(order["id"])
    return str(order["id"]), made.signed_webhook("orders/updated", order)


def test_a_delivery_of_a_year_ago_mails_nobody_and_says_why(shop: House) -> None:
    told = shop.side.arrive(shop.side.sell())
    shop.clock.advance(days=365)
    assert shop.post(*told) == 200
    shop.run()
    assert shop.kinds() == []
    assert {(step.state, step.reason) for step in shop.rows(FollowUpRow)} == {("skipped", "too_old")}


def test_a_webhook_played_again_a_year_later_does_nothing_more(shop: House) -> None:
    told = shop.side.arrive(shop.side.sell())
    assert shop.post(*told) == 200
    shop.run()
    shop.clock.advance(days=365)
    shop.run()
    before = shop.kinds()
    assert shop.post(*told) == 200
    shop.run()
    assert shop.kinds() == before
    assert {receipt.state for receipt in shop.rows(Receipt)} <= {"done", "ignored"}
