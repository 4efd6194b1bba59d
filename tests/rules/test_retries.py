"""A failed effect is tried again for three days, a refused one waits, and one that may have happened is looked at."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import Ambiguous, BadPayload, Permanent, Refused, SinkError, Temporary
from integration.rules.retries import Dead, Park, Pause, Retry, mail_ambiguous, next_try, verdict
from tests.rules.cast import DAY, HOUR, NOON

MINUTE = timedelta(minutes=1)


def _all_tries(key, retry_after=None):
    """When one task is tried if it always fails at once."""
    tries = [NOON]
    while at := next_try(len(tries) - 1, tries[-1], key, NOON, retry_after):
        tries.append(at)
    return tries


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [(0, MINUTE), (1, 5 * MINUTE), (2, 30 * MINUTE), (3, 2 * HOUR), (4, 6 * HOUR), (5, 6 * HOUR), (11, 6 * HOUR)],
)
@given(key=st.text())
def test_the_wait_grows_to_six_hours_give_or_take_a_fifth(attempts, wait, key):
    waited = next_try(attempts, NOON, key, NOON) - NOON
    assert 0.8 * wait <= waited <= 1.2 * wait


@given(st.text())
def test_a_failing_effect_is_tried_at_least_ten_times_in_three_days_and_then_given_up(key):
    tries = _all_tries(key)
    assert len(tries) >= 13
    assert tries[-1] <= NOON + 3 * DAY
    assert tries[-1] > NOON + 3 * DAY - 1.2 * 6 * HOUR
    assert all(later > earlier for earlier, later in pairwise(tries))


def test_tasks_of_one_outage_do_not_return_at_one_moment():
    returns = {next_try(0, NOON, f"task{number}", NOON) for number in range(100)}
    assert len(returns) == 100
    assert max(returns) - min(returns) > 18 * timedelta(seconds=1)
    assert min(returns) < NOON + MINUTE < max(returns)


def test_each_try_of_a_task_has_its_own_jitter():
    waits = {next_try(attempts, NOON, "task", NOON) for attempts in range(4, 12)}
    assert len(waits) == 8


def test_the_same_question_has_the_same_answer():
    assert next_try(2, NOON, "task", NOON) == next_try(2, NOON, "task", NOON)


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [(10 * HOUR, 6 * HOUR), (3 * HOUR, 3 * HOUR), (2 * MINUTE, 2 * MINUTE)],
)
def test_the_other_side_may_ask_for_a_longer_wait_up_to_six_hours(retry_after, wait):
    assert next_try(0, NOON, "task", NOON, retry_after) == NOON + wait


@pytest.mark.parametrize("retry_after", [timedelta(), timedelta(seconds=1), timedelta(seconds=-9)])
def test_the_other_side_cannot_ask_for_a_shorter_one(retry_after):
    assert next_try(0, NOON, "task", NOON, retry_after) == next_try(0, NOON, "task", NOON)


def test_three_days_count_from_the_first_try():
    soon = NOON + timedelta(seconds=72)
    assert next_try(0, NOON, "task", soon - 3 * DAY) is not None
    assert next_try(0, NOON, "task", NOON + 48 * timedelta(seconds=1) - 3 * DAY) is None
    exact = next_try(0, NOON, "task", NOON)
    assert next_try(0, NOON, "task", exact - 3 * DAY) == exact


# -- verdicts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Temporary("store_busy"), Retry(next_try(0, NOON, "task", NOON))),
        (Temporary("store_busy", 3 * HOUR), Retry(NOON + 3 * HOUR)),
        (BadPayload("not_json"), Retry(next_try(0, NOON, "task", NOON))),
        (Refused("access_refused"), Pause()),
        (Ambiguous("no_answer"), Park()),
        (Permanent("not_accepted"), Dead("not_accepted")),
        (SinkError("odd"), Dead("odd")),
    ],
)
def test_what_becomes_of_a_task_follows_from_its_error(error, expected):
    assert verdict(error, 0, NOON, "task", NOON) == expected


@pytest.mark.parametrize("error", [Temporary("store_busy"), BadPayload("not_json")])
def test_after_three_days_a_task_is_dead_of_its_last_error(error):
    assert verdict(error, 15, NOON, "task", NOON - 3 * DAY) == Dead(error.code)


def test_a_refused_task_waits_however_long_it_takes():
    assert verdict(Refused("access_refused"), 99, NOON, "task", NOON - 99 * DAY) == Pause()


@pytest.mark.parametrize(
    ("category", "copies", "expected"),
    [
        ("service", 1, Retry(NOON + 10 * MINUTE)),
        ("service", 2, Park()),
        ("internal", 1, Retry(NOON + 10 * MINUTE)),
        ("internal", 2, Park()),
        ("survey", 1, Park()),
        ("marketing", 1, Park()),
    ],
)
def test_a_mail_that_may_be_out_is_sent_once_more_only_if_it_is_a_service(category, copies, expected):
    assert mail_ambiguous(category, copies, NOON) == expected
