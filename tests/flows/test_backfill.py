"""A shop's past is read once for the numbers: nobody is mailed, and what is broken off goes on."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from integration.cli import reading
from integration.db.care_tables import Cursor
from integration.db.tables import FollowUpRow, MailRow, OrderRow
from integration.demo.stores.woocommerce_fields import stamps
from integration.domain.errors import Temporary
from integration.flows import backfill
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command
from tests.flows.stores import store

MINUTE = timedelta(minutes=1)


def past(house: House, count: int, days: float = 59) -> None:
    """Orders of the days before, delivered, sent, or on their way to be."""
    zone = store(house).shop.zone
    for place in range(count):
        at = house.clock.now - timedelta(days=days) * (1 - place / count)
        status = ("delivered", "completed", "processing")[place % 3]
        done = stamps("date_completed", at, zone) if status == "completed" else {}
        when = {**stamps("date_created", at, zone), **stamps("date_modified", at, zone)}
        store(house).add_order(status=status, billing={"email": f"buyer{place}@example.com"}, **when, **done)


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A shop of some days."""
    house = make_house("woocommerce", survey_delay="0s")
    house.clock.advance(hours=1)
    return house


def test_the_past_is_known_afterwards_and_nobody_is_mailed(house: House) -> None:
    past(house, 150)
    shown = list(backfill.run(house.services, house.side.name, 60))
    assert len(house.rows(OrderRow)) == 150
    house.run()
    assert house.rows(MailRow) == []
    reasons = Counter((row.state, row.reason) for row in house.rows(FollowUpRow))
    assert set(reasons) == {("skipped", "before_live")}
    assert [progress.done for progress in shown][-1] == 1.0
    assert sorted(progress.done for progress in shown) == [progress.done for progress in shown]
    assert shown[-1].seen == 150


def test_what_is_delivered_later_is_mailed_as_usual(house: House) -> None:
    past(house, 3, days=2)  # one was delivered, one completed a day ago, one is not sent yet
    list(backfill.run(house.services, house.side.name, 60))
    house.run()
    assert house.kinds() == []
    house.clock.advance(days=4)
    house.run()
    assert house.kinds() == ["label", "survey"]


def test_only_the_days_that_are_asked_for_are_read(house: House) -> None:
    past(house, 100, days=100)
    list(backfill.run(house.services, house.side.name, 10))
    assert {house.clock.now - row.placed_at <= timedelta(days=10, minutes=10) for row in house.rows(OrderRow)} == {True}


def test_what_is_broken_off_goes_on_after_a_restart(house: House) -> None:
    past(house, 350)
    pages = backfill.run(house.services, house.side.name, 60)
    for _ in range(3):
        reached = next(pages)
    pages.close()
    assert 0.5 < reached.done < 0.7
    asked = len([line for line in store(house).requests if line.endswith("/orders")])
    again = list(backfill.run(house.services, house.side.name, 5))
    assert again[0].position == reached.position
    assert again[0].began_at == reached.began_at
    assert len([line for line in store(house).requests if line.endswith("/orders")]) - asked == 2
    assert len(house.rows(OrderRow)) == 350


def test_read_again_nothing_is_doubled(house: House) -> None:
    past(house, 120)
    for _ in range(2):
        list(backfill.run(house.services, house.side.name, 60))
    assert len(house.rows(OrderRow)) == 120
    followups = [row.key for row in house.rows(FollowUpRow)]
    assert len(followups) == len(set(followups))
    assert [row.state for row in house.rows(Cursor)] == ["done"]


def test_the_command_reads_to_the_end_and_says_so(house: House) -> None:
    past(house, 120)
    assert "120" in command(house, "backfill", house.side.name, "--days", "60")
    assert len(house.rows(OrderRow)) == 120


def test_ctrl_c_stops_it_and_the_same_command_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    past(house, 250)
    shown: list[float] = []

    def press(progress: backfill.Progress) -> None:
        shown.append(progress.done)
        if len(shown) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(reading, "_show", press)
    with pytest.raises(AssertionError, match=f'postventa backfill "{house.side.name}"'):  # exit 1, and what to type
        command(house, "backfill", house.side.name)
    assert 0 < len(house.rows(OrderRow)) < 250
    command(house, "backfill", house.side.name)
    assert len(house.rows(OrderRow)) == 250
    assert shown[2] >= shown[1]


def test_a_store_that_is_busy_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    past(house, 30)
    waits: list[float] = []
    monkeypatch.setattr("integration.cli.reading.time.sleep", waits.append)
    real = backfill.run
    tries = iter([Temporary("throttled", timedelta(seconds=8)), Temporary("store_busy")])

    def busy(*arguments: object) -> object:
        for error in tries:
            raise error
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("integration.cli.reading.past.run", busy)
    command(house, "backfill", house.side.name)
    assert waits == [8.0, 4.0]
    assert len(house.rows(OrderRow)) == 30


def test_a_store_that_never_answers_ends_it_with_the_reason(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.cli.reading.time.sleep", lambda seconds: None)
    store(house).stop()
    with pytest.raises(Temporary, match="unreachable"):
        command(house, "backfill", house.side.name)
