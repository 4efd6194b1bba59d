"""What is asked of a store, and when again (E7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.rules.reconcile import EVERY, OVERLAP, advanced, again, parcel_edges, parcel_pause, since
from tests.rules.cast import DAY, HOUR, NOON

MOMENTS = st.integers(-9000, 40_000).map(lambda hours: NOON + hours * HOUR)


def test_ten_minutes_are_read_again() -> None:
    assert since(NOON) == NOON - timedelta(minutes=10)


@given(position=MOMENTS, changed=st.lists(MOMENTS))
def test_the_place_never_goes_back_and_never_past_now(position: datetime, changed: list[datetime]) -> None:
    found = advanced(position, changed, NOON)
    assert found >= position
    assert found <= max(position, NOON)
    assert all(at <= found for at in changed if at <= NOON)


def test_an_order_of_2031_hides_nothing() -> None:
    assert advanced(NOON - HOUR, [datetime(2031, 1, 1, tzinfo=UTC)], NOON) == NOON


def test_a_shop_is_looked_at_every_quarter_of_an_hour() -> None:
    assert again(NOON) == NOON + EVERY == NOON + timedelta(minutes=15)
    assert again(NOON, failed=True) == NOON + EVERY
    assert again(NOON, timedelta(hours=2), failed=True) == NOON + 2 * HOUR
    assert again(NOON, timedelta(), failed=True) > NOON
    assert timedelta(minutes=1) + EVERY <= timedelta(minutes=16)
    assert OVERLAP < EVERY


@pytest.mark.parametrize(
    ("age", "pause"),
    [
        (timedelta(), EVERY),
        (10 * DAY, EVERY),
        (11 * DAY, HOUR),
        (30 * DAY, HOUR),
        (31 * DAY, 6 * HOUR),
        (90 * DAY, 6 * HOUR),
        (91 * DAY, None),
    ],
)
def test_an_old_parcel_is_asked_for_less_often(age: timedelta, pause: timedelta | None) -> None:
    assert parcel_pause(NOON - age, NOON) == pause


@given(age=st.integers(0, 120), rested=st.integers(0, 24))
def test_the_edges_for_a_query_say_the_same(age: int, rested: int) -> None:
    shipped_at, asked_at = NOON - age * DAY, NOON - rested * HOUR
    pause = parcel_pause(shipped_at, NOON)
    due = pause is not None and NOON - asked_at >= pause
    by_edges = next((asked_at <= latest for oldest, latest in parcel_edges(NOON) if shipped_at >= oldest), False)
    assert by_edges == due
