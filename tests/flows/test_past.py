"""A shop's past is asked for at the desk and read a few pages at a time; it is paused, goes on, and mails nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.db.tables import MailRow, OrderRow
from integration.flows import connecting, past
from integration.flows.past import Past
from integration.worker import ticks
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.stores import refuse
from tests.flows.test_backfill import past as sold_before


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A shop of some days with 250 orders, of which a turn reads one page."""
    made = House(tmp_path, clock, survey_delay="0s")
    made.clock.advance(hours=1)
    sold_before(made, 250)
    monkeypatch.setattr(past, "PAGES", 1)
    yield made
    made.close()


def told(house: House) -> Past:
    with house.services.db.reading() as session:
        found = past.told(session, house.shop_id, house.clock.now)
    assert found
    return found


def test_nobody_asked_and_nothing_is_read(house: House) -> None:
    ticks.watch(house.services)
    assert house.rows(OrderRow) == []
    past.pause(house.services, house.shop_id)


def test_each_tick_brings_it_a_piece_further_to_the_end_and_nobody_is_mailed(house: House) -> None:
    past.ask(house.services, house.shop_id)
    shown = [told(house)]
    while shown[-1].state != "done":
        assert ticks.watch(house.services) == 1
        shown.append(told(house))
    assert [one.done for one in shown] == sorted(one.done for one in shown)
    assert (shown[0].state, shown[0].done) == ("asked", 0)
    assert 0 < shown[1].done < 100
    assert shown[-1] == Past("done", 100, 250, "")
    assert ticks.watch(house.services) == 0
    house.run()
    assert len(house.rows(OrderRow)) == 250
    assert house.rows(MailRow) == []


def test_paused_it_rests_and_gone_on_with_it_goes_on_where_it_stood(house: House) -> None:
    past.ask(house.services, house.shop_id)
    ticks.watch(house.services)
    past.pause(house.services, house.shop_id)
    before = told(house)
    assert ticks.watch(house.services) == 0
    assert told(house) == before
    past.ask(house.services, house.shop_id)
    assert told(house) == Past("asked", before.done, before.seen, "")
    ticks.watch(house.services)
    assert told(house).seen > before.seen


def test_paused_within_a_turn_no_further_page_is_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "PAGES", 10)
    past.ask(house.services, house.shop_id)
    real = past.backfill.taking_in.page

    def and_paused(*arguments: object) -> int:
        past.pause(house.services, house.shop_id)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("integration.flows.backfill.taking_in.page", and_paused)
    assert ticks.watch(house.services) == 1
    assert told(house).state == "paused"


def test_a_store_that_is_down_is_asked_again_later(house: House) -> None:
    past.ask(house.services, house.shop_id)
    refuse(house)
    ticks.watch(house.services)
    assert told(house).reason
    assert ticks.watch(house.services) == 0
    refuse(house, refused=False)
    house.clock.advance(minutes=6)
    assert ticks.watch(house.services) == 1
    assert told(house).reason == ""


def test_a_paused_shop_is_not_read(house: House) -> None:
    past.ask(house.services, house.shop_id)
    connecting.set_state(house.services, house.side.name, "paused")
    assert ticks.watch(house.services) == 0
    connecting.set_state(house.services, house.side.name, "live")
    assert ticks.watch(house.services) == 1
