"""However many mails wait, only so many leave in a day and to one domain, and none waits longer than it has to."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.rules.sending import BURST, EVERY, cap, days_to_wait, leave_at

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
days = st.integers(0, 400)
caps = st.integers(0, 500)


@pytest.mark.parametrize(
    ("day", "daily_cap", "warm_up", "most"),
    [
        (0, 0, False, None), (0, 0, True, 50), (1, 0, True, 100), (9, 0, True, 25_600), (10, 0, True, None),
        (0, 30, True, 30), (3, 300, True, 300), (2, 300, True, 200), (400, 300, True, 300), (0, 300, False, 300),
    ],
)  # fmt: skip
def test_a_new_sender_doubles_from_fifty_up_to_the_owner_s_cap(
    day: int, daily_cap: int, warm_up: bool, most: int | None
) -> None:
    assert cap(day, daily_cap, warm_up=warm_up) == most


@given(days, caps, st.booleans())
def test_a_cap_never_shrinks_from_one_day_to_the_next(day: int, daily_cap: int, warm_up: bool) -> None:
    today, tomorrow = cap(day, daily_cap, warm_up=warm_up), cap(day + 1, daily_cap, warm_up=warm_up)
    assert tomorrow is None or (today is not None and tomorrow >= today >= 1)


@given(st.integers(1, 3000), days, st.integers(0, 60), st.booleans())
def test_no_day_holds_more_than_its_cap_and_no_room_stays_empty(
    mails: int, today: int, daily_cap: int, warm_up: bool
) -> None:
    placed: Counter[int] = Counter()
    for _ in range(mails):
        placed[today + days_to_wait(today, placed, daily_cap, warm_up=warm_up)] += 1
    assert sum(placed.values()) == mails
    for day in sorted(placed)[:-1]:
        assert placed[day] == cap(day, daily_cap, warm_up=warm_up)
    last = cap(max(placed), daily_cap, warm_up=warm_up)
    assert last is None or placed[max(placed)] <= last
    assert sorted(placed) == list(range(today, today + len(placed)))


crowds = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 150)), min_size=1, max_size=8)
arrivals = crowds.map(lambda found: sorted(second for second, mails in found for _ in range(mails)))


def left(at_seconds: list[int]) -> list[tuple[datetime, datetime]]:
    """When each of the mails that are asked for at these seconds was asked for, and left."""
    drained = None
    found = []
    for second in at_seconds:
        now = NOON + timedelta(seconds=second)
        leaves, drained = leave_at(drained, now)
        found.append((now, leaves))
    return found


@given(arrivals)
def test_in_any_span_a_domain_gets_a_burst_and_then_one_at_a_time(at_seconds: list[int]) -> None:
    times = [leaves for _, leaves in left(at_seconds)]
    assert times == sorted(times)
    ahead = [place - (at - NOON) / EVERY for place, at in enumerate(times)]
    least = list(accumulate(ahead, min))
    assert all(now - before + 1 <= BURST for now, before in zip(ahead, least, strict=True))


@given(arrivals)
def test_a_mail_waits_only_behind_a_whole_burst(at_seconds: list[int]) -> None:
    for place, (asked, leaves) in enumerate(left(at_seconds)):
        assert leaves >= asked
        assert place >= BURST or leaves == asked


def test_after_a_rest_a_whole_burst_may_leave_again() -> None:
    rest = int((BURST * EVERY).total_seconds())
    times = left([0] * BURST + [rest] * BURST)
    assert all(asked == leaves for asked, leaves in times)
    assert left([0] * (BURST + 2))[-1][1] == NOON + 2 * EVERY
