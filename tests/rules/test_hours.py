"""A shop writes in its own hours, also on the days when its clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import Misconfigured
from integration.rules.hours import Hours, moved_into, parse_hours
from tests.rules.cast import moments, zones

MADRID = ZoneInfo("Europe/Madrid")
SANTIAGO = ZoneInfo("America/Santiago")
OFFICE = parse_hours("09:00-19:00")


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-19:00", Hours(540, 1140)),
        ("09:05 - 19:10", Hours(545, 1150)),
        ("22:00-06:00", Hours(1320, 360)),
        ("08:00-24:00", Hours(480, 1440)),
        (" always ", Hours(0, 1440)),
    ],
)
def test_hours_are_two_times_of_day(text, hours):
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text", ["", "9-19", "09:00", "09:00-25:00", "09:60-10:00", "09:00-09:00", "24:00-08:00", "never"]
)
def test_hours_that_nobody_can_read_are_refused(text):
    with pytest.raises(Misconfigured) as error:
        parse_hours(text)
    assert (error.value.code, error.value.params) == ("bad_hours", {"value": text})


@pytest.mark.parametrize(
    ("moment", "moved"),
    [
        ("2026-11-21 08:59:59", "2026-11-21 09:00"),
        ("2026-11-21 09:00", "2026-11-21 09:00"),
        ("2026-11-21 18:59:59", "2026-11-21 18:59:59"),
        ("2026-11-21 19:00", "2026-11-22 09:00"),
        ("2026-12-31 23:00", "2027-01-01 09:00"),
    ],
)
def test_a_mail_outside_the_hours_waits_for_the_next_opening(moment, moved):
    local = datetime.fromisoformat(moment).replace(tzinfo=MADRID)
    assert moved_into(OFFICE, local, MADRID) == datetime.fromisoformat(moved).replace(tzinfo=MADRID)


@pytest.mark.parametrize(("local", "held"), [("05:59", True), ("06:00", False), ("21:59", False), ("22:00", True)])
def test_hours_can_go_over_midnight(local, held):
    assert parse_hours("22:00-06:00").hold(datetime.fromisoformat(f"2026-11-21T{local}")) is held


def test_the_answer_is_utc():
    assert moved_into(parse_hours("always"), datetime(2026, 7, 1, 12, tzinfo=MADRID), MADRID).tzinfo is UTC


def test_an_opening_that_the_clock_jumps_over_is_taken_right_behind_the_jump():
    # Santiago, 6 September 2026: 24:00 becomes 01:00.
    evening = datetime(2026, 9, 5, 20, tzinfo=SANTIAGO)
    assert moved_into(parse_hours("00:00-08:00"), evening, SANTIAGO) == datetime(2026, 9, 6, 1, tzinfo=SANTIAGO)


def test_hours_that_the_clock_jumps_over_altogether_wait_for_the_next_day():
    evening = datetime(2026, 9, 5, 20, tzinfo=SANTIAGO)
    assert moved_into(parse_hours("00:00-00:30"), evening, SANTIAGO) == datetime(2026, 9, 7, 0, tzinfo=SANTIAGO)


def test_an_opening_that_comes_twice_is_taken_the_second_time_when_the_first_is_gone():
    # Madrid, 25 October 2026: 03:00 becomes 02:00 again.
    between = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert moved_into(parse_hours("02:30-02:45"), between, MADRID) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(
    start=st.integers(0, 1439),
    length=st.integers(1, 1440),
    moment=moments,
    zone=zones,
)
def test_a_moved_time_is_never_earlier_and_always_within_the_hours(start, length, moment, zone):
    hours = Hours(0, 1440) if length == 1440 else Hours(start, (start + length) % 1440)
    moved = moved_into(hours, moment, zone)
    assert moved >= moment
    assert hours.hold(moved.astimezone(zone))
    assert moved - moment <= timedelta(days=2, hours=1)
