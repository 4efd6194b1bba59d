"""The five numbers, each against a golden set worked out by hand (C12, B12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.rules import kpis
from integration.rules.kpis import Case, Line, People, Period, Step

T0 = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def named(lines: tuple[Line, ...]) -> dict[str, Line]:
    return {line.name: line for line in lines}


# Eleven cases of one month. Replies after 1..10 hours, one never; acknowledged after 36 s; resolved after 2..20 h.
CASES = [
    Case(
        cause="damaged" if number < 6 else ("late" if number < 9 else "other"),
        opened_at=at(0),
        acknowledged_at=at(0.01),
        replied_at=at(number + 1),
        first_resolved_at=at(2 * number + 2),
        resolved_at=at(2 * number + 2) if number else at(100),
    )
    for number in range(10)
] + [Case(cause="late", opened_at=at(0))]


def test_complaints_are_counted_by_cause_and_per_hundred_deliveries() -> None:
    assert kpis.complaints(CASES, delivered=250) == (
        Line("complaints", 11, "count", 11),
        Line("complaints_per_100", 4.4, "per_100", 11, of=250),
        Line("cause.damaged", 6, "count", 6, of=11),
        Line("cause.late", 4, "count", 4, of=11),
        Line("cause.other", 1, "count", 1, of=11),
    )


def test_a_month_without_complaints_is_zero_and_not_unknown() -> None:
    assert kpis.complaints([], delivered=40) == (
        Line("complaints", 0, "count", 0),
        Line("complaints_per_100", 0.0, "per_100", 0, of=40),
    )


def test_no_rate_is_told_of_four_deliveries() -> None:
    assert named(kpis.complaints(CASES, delivered=4))["complaints_per_100"].value is None


def test_first_response_is_the_median_of_those_that_were_answered() -> None:
    lines = named(kpis.first_response(CASES))
    assert lines["first_reply"] == Line("first_reply", 5.5, "hours", 10, of=11)
    assert lines["first_reply_p90"] == Line("first_reply_p90", 9.0, "hours", 10, of=11)
    assert lines["acknowledged"] == Line("acknowledged", 0.01, "hours", 10, of=11)


def test_resolution_counts_a_reopened_case_to_its_last_close_and_tells_the_first_apart() -> None:
    lines = named(kpis.resolution(CASES))
    assert lines["resolution"] == Line("resolution", 13.0, "hours", 10, of=11)
    assert lines["resolution_p90"] == Line("resolution_p90", 20.0, "hours", 10, of=11)
    assert lines["first_resolution"] == Line("first_resolution", 11.0, "hours", 10, of=11)


@pytest.mark.parametrize("few", range(5))
def test_no_median_is_told_of_fewer_than_five(few: int) -> None:
    lines = kpis.first_response(CASES[:few])
    assert [line.value for line in lines] == [None] * 4
    assert [line.n for line in lines] == [few] * 4


def test_csat_is_fours_and_fives_among_all_that_were_sent_with_its_interval() -> None:
    scores = {5: 30, 4: 11, 3: 4, 2: 2, 1: 3}
    assert kpis.satisfaction(scores, mailed=400, answered_of_mailed=48) == (
        Line("csat", 82.0, "percent", 41, of=50, low=69.2, high=90.2),
        Line("response_rate", 12.0, "percent", 48, of=400, low=9.2, high=15.6),
    )


def test_csat_of_four_answers_is_not_told() -> None:
    assert kpis.satisfaction({5: 4}, 4, 4)[0] == Line("csat", None, "percent", 4, of=4)


def test_retention_is_told_of_all_and_by_what_people_said() -> None:
    people = [People("silent", 20, 6), People("resolved", 10, 7), People("unresolved", 4, 1), People("answered", 2, 2)]
    lines = named(kpis.retention(people))
    assert (lines["retention"].value, lines["retention"].n, lines["retention"].of) == (44.4, 16, 36)
    assert (lines["retention_silent"].value, lines["retention_silent"].of) == (30.0, 20)
    assert lines["retention_resolved"].value == 70.0
    assert lines["retention_unresolved"] == Line("retention_unresolved", None, "percent", 1, of=4)


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    [(0, 10, (0.0, 27.8)), (10, 10, (72.2, 100.0)), (5, 10, (23.7, 76.3)), (1, 100, (0.2, 5.4))],
)
def test_the_interval_is_wilson_s(part: int, whole: int, interval: tuple[float, float]) -> None:
    assert kpis.wilson(part, whole) == interval


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_share_lies_in_its_interval_and_the_interval_between_nothing_and_all(part: int, more: int) -> None:
    low, high = kpis.wilson(part, part + more)
    assert 0 <= low <= round(100 * part / (part + more), 1) <= high <= 100


def test_a_decision_counts_when_it_is_told() -> None:
    steps = [Step(at(0), "", "received"), Step(at(1), "received", "decided")]
    assert kpis.resolved(steps, []) == (None, None)
    assert kpis.resolved(steps, [at(1.5)]) == (at(1.5), at(1.5))


def test_a_mail_sent_before_any_decision_resolves_nothing() -> None:
    assert kpis.resolved([Step(at(0), "", "received")], [at(0.1)]) == (None, None)


def test_a_closing_without_a_decision_resolves() -> None:
    steps = [Step(at(0), "", "received"), Step(at(3), "received", "closed")]
    assert kpis.resolved(steps, []) == (at(3), at(3))


def test_a_reopened_case_is_open_until_it_is_closed_again() -> None:
    steps = [
        Step(at(0), "", "received"), Step(at(1), "received", "decided"), Step(at(5), "decided", "closed"),
        Step(at(9), "closed", "in_progress"),
    ]  # fmt: skip
    assert kpis.resolved(steps, [at(2)]) == (at(2), None)
    assert kpis.resolved([*steps, Step(at(20), "in_progress", "closed")], [at(2)]) == (at(2), at(20))


def test_an_answer_to_a_closed_case_does_not_reopen_it() -> None:
    steps = [Step(at(0), "", "received"), Step(at(3), "received", "closed"), Step(at(4), "closed", "closed")]
    assert kpis.resolved(steps, []) == (at(3), at(3))


def test_a_period_has_its_start_not_its_end_and_knows_the_one_before() -> None:
    month = Period(T0, T0 + 30 * DAY)
    assert T0 in month
    assert T0 + 30 * DAY not in month
    assert month.before() == Period(T0 - 30 * DAY, T0)
    assert month.shifted(DAY) == Period(T0 - DAY, T0 + 29 * DAY)


def test_codes_used_are_told_of_those_given_once_there_are_enough() -> None:
    assert kpis.redemption(2, 4) == (Line("codes_used", None, "percent", 2, of=4),)
    [line] = kpis.redemption(3, 10)
    assert (line.name, line.value, line.n, line.of) == ("codes_used", 30.0, 3, 10)
