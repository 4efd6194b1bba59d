"""A promised day is a day of the shop's calendar, also when its clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import Misconfigured
from integration.rules.promise import due
from tests.rules.cast import DAY, NOON, moments, zones

MADRID = ZoneInfo("Europe/Madrid")
SANTIAGO = ZoneInfo("America/Santiago")
promises = st.builds("{} {}".format, st.integers(1, 40), st.sampled_from(["working days", "days", "hours"]))


@pytest.mark.parametrize(
    ("promise", "received", "expected"),
    [
        # 21 November 2026 is a Saturday.
        ("5 working days", "2026-11-21 13:00", "2026-11-27 23:59"),
        ("5 working days", "2026-11-20 13:00", "2026-11-27 23:59"),
        ("1 working day", "2026-11-20 23:59", "2026-11-23 23:59"),
        ("1 working day", "2026-11-22 00:00", "2026-11-23 23:59"),
        ("15 working days", "2026-11-23 08:00", "2026-12-14 23:59"),
        ("3 days", "2026-11-20 13:00", "2026-11-23 23:59"),
        ("1 day", "2026-11-20 13:00", "2026-11-21 23:59"),
        ("48 hours", "2026-11-20 13:00", "2026-11-22 13:00"),
        ("1 hour", "2026-11-20 13:00", "2026-11-20 14:00"),
        (" 5  Working Days ", "2026-11-20 13:00", "2026-11-27 23:59"),
    ],
)
def test_a_promise_ends_with_its_last_day(promise, received, expected):
    local = datetime.fromisoformat(received).replace(tzinfo=MADRID)
    assert due(promise, local, MADRID) == datetime.fromisoformat(expected).replace(tzinfo=MADRID)


def test_the_day_of_receipt_is_the_shops():
    # 23:30 of Sunday in UTC is Monday in Madrid and Sunday in Santiago.
    sunday = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert due("1 working day", sunday, MADRID).date() == date(2026, 11, 24)
    assert due("1 working day", sunday, SANTIAGO) == datetime(2026, 11, 23, 23, 59, tzinfo=SANTIAGO)


def test_a_holiday_is_no_working_day_but_a_day():
    holidays = {date(2026, 12, 7), date(2026, 12, 8)}
    friday = datetime(2026, 12, 4, 12, tzinfo=MADRID)
    assert due("1 working day", friday, MADRID, holidays) == datetime(2026, 12, 9, 23, 59, tzinfo=MADRID)
    assert due("3 days", friday, MADRID, holidays) == datetime(2026, 12, 7, 23, 59, tzinfo=MADRID)


def test_hours_are_real_hours_when_the_clock_changes():
    received = datetime(2026, 10, 24, 12, tzinfo=MADRID)
    assert due("24 hours", received, MADRID) == datetime(2026, 10, 25, 11, tzinfo=MADRID)


@pytest.mark.parametrize(
    ("zone", "received", "last"),
    [
        ("America/Santiago", "2026-09-04 12:00", "2026-09-05"),  # 24:00 becomes 01:00
        ("America/Santiago", "2026-09-05 12:00", "2026-09-06"),
        ("Europe/Madrid", "2026-03-28 12:00", "2026-03-29"),
        ("Europe/Madrid", "2026-10-24 12:00", "2026-10-25"),
        ("America/Sao_Paulo", "2018-11-03 12:00", "2018-11-04"),  # 24:00 became 01:00
    ],
)
def test_a_promised_day_ends_at_its_own_midnight_when_the_clock_changes(zone, received, last):
    local = due("1 day", datetime.fromisoformat(received).replace(tzinfo=ZoneInfo(zone)), ZoneInfo(zone))
    assert local.astimezone(ZoneInfo(zone)).isoformat(" ", "minutes")[:16] == f"{last} 23:59"


@pytest.mark.parametrize(
    ("zone", "received", "expected"),
    [
        # Where 24:00 becomes 23:00 the evening ends the second time.
        ("America/Santiago", "2026-04-03 12:00", "2026-04-05 03:59"),
        ("America/Sao_Paulo", "2018-02-16 12:00", "2018-02-18 02:59"),
        # Where 23:00 becomes 24:00 the day ends with 22:59.
        ("America/Nuuk", "2026-03-27 12:00", "2026-03-29 00:59"),
    ],
)
def test_an_evening_that_comes_twice_or_not_at_all_still_ends_on_its_day(zone, received, expected):
    local = datetime.fromisoformat(received).replace(tzinfo=ZoneInfo(zone))
    assert due("1 day", local, ZoneInfo(zone)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "promise", ["", "soon", "0 days", "-1 days", "5", "5 weeks", "1000 days", "5 working", "1.5 days"]
)
def test_a_promise_that_nobody_can_keep_is_refused(promise):
    with pytest.raises(Misconfigured) as error:
        due(promise, NOON, MADRID)
    assert (error.value.code, error.value.params) == ("bad_promise", {"value": promise})


@given(promises, moments, st.integers(0, 3 * 24 * 60), zones)
def test_who_complains_later_is_promised_no_earlier_answer(promise, received, minutes, zone):
    later = received + timedelta(minutes=minutes)
    assert received < due(promise, received, zone) <= due(promise, later, zone)


@given(st.integers(1, 40), moments, zones, st.frozensets(st.integers(0, 60), max_size=10))
def test_working_days_never_end_on_a_weekend_or_holiday(number, received, zone, free):
    holidays = frozenset((received + days * DAY).date() for days in free)
    last = due(f"{number} working days", received, zone, holidays).astimezone(zone).date()
    assert last.weekday() < 5
    assert last not in holidays


@given(st.integers(1, 20), st.integers(1, 20), moments, zones)
def test_days_add_up(first, second, received, zone):
    midway = due(f"{first} working days", received, zone)
    assert due(f"{second} working days", midway, zone) == due(f"{first + second} working days", received, zone)
