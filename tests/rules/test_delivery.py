"""An order is delivered when its status, time gone by, or its last parcel says so."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import Misconfigured
from integration.domain.facts import Shipment
from integration.rules.delivery import (
    Delivered,
    Expected,
    Trigger,
    delivery_of,
    gone,
    last_delivery,
    parse_trigger,
    propose,
)
from tests.rules.cast import DAY, HOUR, NOON, order

DELIVERED = parse_trigger("delivered")
AFTER_FOUR_DAYS = parse_trigger("completed+4d")
DEFAULTS = (DELIVERED, AFTER_FOUR_DAYS)


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("delivered", Trigger("delivered", timedelta())),
        ("completed+4d", Trigger("completed", 4 * DAY)),
        ("in-transit+36h", Trigger("in-transit", 36 * HOUR)),
        ("my_status+0s", Trigger("my_status", timedelta())),
        ("shipped+90m", Trigger("shipped", timedelta(minutes=90))),
        ("shipped+30s", Trigger("shipped", timedelta(seconds=30))),
        (" Completed + 4d ", Trigger("completed", 4 * DAY)),
    ],
)
def test_a_trigger_is_a_status_and_a_delay(text, trigger):
    assert parse_trigger(text) == trigger


@pytest.mark.parametrize("text", ["", "+4d", "completed+", "completed+4", "completed+4w", "completed-4d+", "a b", "é"])
def test_a_trigger_that_nobody_can_read_is_refused(text):
    with pytest.raises(Misconfigured) as error:
        parse_trigger(text)
    assert (error.value.code, error.value.params) == ("bad_trigger", {"value": text})


def test_the_status_delivered_is_the_stores_word():
    assert delivery_of(order(), DEFAULTS, NOON) == Delivered(NOON - HOUR, "store")


def test_the_stores_word_counts_in_any_case():
    assert delivery_of(order(status="DELIVERED"), DEFAULTS, NOON) == Delivered(NOON - HOUR, "store")


def test_a_completed_order_is_expected_before_the_delay_is_over():
    waiting = order(status="completed", state="shipped", status_at=NOON - 4 * DAY + HOUR)
    assert delivery_of(waiting, DEFAULTS, NOON) == Expected(NOON + HOUR)


def test_a_completed_order_is_assumed_delivered_when_the_delay_is_over():
    waited = order(status="completed", state="shipped", status_at=NOON - 4 * DAY)
    assert delivery_of(waited, DEFAULTS, NOON) == Delivered(NOON, "assumed")


def test_another_status_says_nothing():
    assert delivery_of(order(status="processing", state="open"), DEFAULTS, NOON) is None


def test_the_soonest_of_two_matching_triggers_counts():
    both = (parse_trigger("completed+4d"), parse_trigger("completed+1d"))
    assert delivery_of(order(status="completed"), both, NOON) == Expected(NOON - HOUR + DAY)
    at_once = (parse_trigger("completed"), AFTER_FOUR_DAYS)
    assert delivery_of(order(status="completed"), at_once, NOON) == Delivered(NOON - HOUR, "store")


def test_a_status_without_a_time_counts_from_the_last_change():
    assert delivery_of(order(status_at=None), DEFAULTS, NOON) == Delivered(NOON, "store")


@pytest.mark.parametrize("state", ["cancelled", "refunded", "removed", "draft"])
def test_an_order_that_is_gone_is_never_delivered(state):
    assert delivery_of(order(state=state), DEFAULTS, NOON) is None
    assert gone(order(state=state)) == f"order_{state}"


@pytest.mark.parametrize("state", ["open", "shipped", "delivered"])
def test_an_order_that_stands_is_not_gone(state):
    assert gone(order(state=state)) is None


def test_an_order_of_the_year_2031_is_not_delivered_before():
    then = datetime(2031, 1, 1, tzinfo=UTC)
    assert delivery_of(order(status_at=then), DEFAULTS, NOON) == Expected(then)


def test_an_order_of_the_year_9999_is_never_delivered():
    the_end = datetime(9999, 12, 31, 12, tzinfo=UTC)
    assert delivery_of(order(status="completed", status_at=the_end), DEFAULTS, NOON) is None


@given(since=st.datetimes(timezones=st.just(UTC)), status=st.sampled_from(["delivered", "completed"]))
def test_nothing_is_delivered_before_now(since, status):
    match delivery_of(order(status=status, status_at=since), DEFAULTS, NOON):
        case Delivered(at):
            assert since <= at <= NOON
        case Expected(at):
            assert at > NOON


def _parcel(ref, state="delivered", at=NOON):
    return Shipment(ref, state, delivered_at=at if state == "delivered" else None)


@pytest.mark.parametrize(
    ("parcels", "moment"),
    [
        ([], None),
        ([_parcel("1")], NOON),
        ([_parcel("1"), _parcel("2", at=NOON - DAY)], NOON),
        ([_parcel("1"), _parcel("2", "under_way")], None),
        ([_parcel("1"), _parcel("2", "failed")], None),
        ([_parcel("1"), _parcel("2", "returning")], None),
        ([_parcel("1"), _parcel("2", "cancelled")], NOON),
        ([_parcel("1", "cancelled")], None),
        ([_parcel("1"), _parcel("2", at=None)], NOON),
        ([_parcel("1", at=None)], None),
    ],
)
def test_the_last_arrival_counts_when_no_parcel_is_out(parcels, moment):
    assert last_delivery(parcels) == moment


@pytest.mark.parametrize(
    ("counts", "proposed"),
    [
        ({"delivered": 0, "completed": 412, "processing": 9}, ("delivered", "completed+4d")),
        ({"completed": 412}, ("delivered", "completed+4d")),
        ({"delivered": 380, "completed": 12}, ("delivered", "completed+4d")),
        ({"delivered": 380, "completed": 0, "shipped": 31}, ("delivered", "shipped+4d")),
        ({"entregado": 0, "enviado": 5, "completed": 7}, ("entregado", "completed+4d", "enviado+4d")),
        ({}, ("delivered", "completed+4d")),
        ({"processing": 3, "cancelled": 1}, ("delivered", "completed+4d")),
    ],
)
def test_what_counts_as_delivered_is_proposed_from_how_the_statuses_are_used(
    counts: dict[str, int], proposed: tuple[str, ...]
) -> None:
    assert propose(counts) == proposed
    assert all(parse_trigger(text) for text in proposed)
