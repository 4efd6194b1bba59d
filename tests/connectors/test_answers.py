"""`Retry-After`: seconds, a date by the server's own clock, or nothing to go by; never longer than six hours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.answers import asked_wait
from connectors.http import Response

NOON = "Sat, 21 Nov 2026 12:00:00 GMT"


def wait(told: str, date: str = NOON) -> timedelta | None:
    return asked_wait(Response(429, {"retry-after": told, "date": date}, b"", "https://mia.example"))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2", timedelta(seconds=2)),
        ("2.0", timedelta(seconds=2)),
        ("-3", timedelta()),
        ("Sat, 21 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta()),
        ("Sun, 22 Nov 2026 12:00:00 GMT", timedelta(hours=6)),
        ("99999999", timedelta(hours=6)),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Sat, 21 Nov 2026 12:05:00 -0000", None),
    ],
)
def test_what_is_asked_for_is_waited(told: str, expected: timedelta | None) -> None:
    assert wait(told) == expected


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_date_says_nothing_without_the_servers_clock(date: str) -> None:
    assert wait("Sat, 21 Nov 2026 12:05:00 GMT", date) is None
    assert wait("7", date) == timedelta(seconds=7)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_breaks_it(told: str, date: str) -> None:
    found = wait(told, date)
    assert found is None or timedelta() <= found <= timedelta(hours=6)
