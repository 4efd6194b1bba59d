"""A budget's day and month begin when the shop's calendar says so."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from integration.rules.budget_window import day_start, month_start
from tests.rules.cast import moments, zones

MADRID = ZoneInfo("Europe/Madrid")
SANTIAGO = ZoneInfo("America/Santiago")


def test_the_day_begins_at_the_shops_midnight():
    assert day_start(datetime(2026, 11, 21, 12, 30, 5, 7, tzinfo=UTC), MADRID) == datetime(2026, 11, 20, 23, tzinfo=UTC)


def test_the_month_begins_at_the_shops_midnight():
    assert month_start(datetime(2026, 10, 31, 22, 59, tzinfo=UTC), MADRID) == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert month_start(datetime(2026, 10, 31, 23, 0, tzinfo=UTC), MADRID) == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_where_the_clock_jumps_over_midnight_the_day_begins_with_the_jump():
    assert day_start(datetime(2026, 9, 6, 12, tzinfo=UTC), SANTIAGO) == datetime(2026, 9, 6, 4, tzinfo=UTC)


def test_where_midnight_comes_twice_the_day_begins_with_the_first():
    havana = ZoneInfo("America/Havana")
    second = datetime(2026, 11, 1, 0, 30, fold=1, tzinfo=havana)
    assert day_start(second, havana) == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_the_starts_are_utc():
    assert day_start(datetime(2026, 7, 1, tzinfo=MADRID), MADRID).tzinfo is UTC


@pytest.mark.parametrize("start", [day_start, month_start])
@given(now=moments, zone=zones)
def test_a_window_has_begun_and_begins_only_once(start, now, zone):
    began = start(now, zone)
    assert began <= now < began + timedelta(days=32)
    assert start(began, zone) == began
