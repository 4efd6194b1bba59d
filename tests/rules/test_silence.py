"""No parcel stays silent: it has arrived, somebody looks for it, or there is a day by which one of both happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import get_args

import pytest

from integration.domain.facts import Shipment, ShipmentState
from integration.domain.policy import Policy
from integration.rules.silence import FAILED_AFTER, UNREAD_AFTER, Assume, Incident, Wait, step, unread
from tests.rules.cast import DAY, HOUR, NOON

PARCEL = Shipment("p1", shipped_at=NOON - 3 * DAY)
ASSUMES, ASKS = Policy(assume_after=10 * DAY), Policy(assume_after=None, silent_after=15 * DAY)


@pytest.mark.parametrize("state", get_args(ShipmentState))
@pytest.mark.parametrize("policy", [ASSUMES, ASKS], ids=["assumes", "asks"])
def test_every_state_ends_or_has_a_day(state: ShipmentState, policy: Policy) -> None:
    for days, told in product((0, 3, 9, 11, 20, 400), (0, 1, 8)):
        parcel = Shipment("p1", state, shipped_at=NOON - days * DAY)
        match step(parcel, NOON - told * DAY, policy, NOON):
            case None:
                assert state in ("delivered", "cancelled")
            case Wait(until):
                assert NOON < until <= NOON + 15 * DAY
            case Assume(at):
                assert at <= NOON
            case Incident(kind):
                assert kind == {"returning": "returning", "failed": "failed"}.get(state, "silent")


def test_nothing_heard_for_ten_days_counts_as_delivered_on_the_tenth() -> None:
    assert step(PARCEL, NOON - 3 * DAY, ASSUMES, NOON) == Wait(NOON + 7 * DAY)
    assert step(PARCEL, NOON - 3 * DAY, ASSUMES, NOON + 7 * DAY) == Assume(NOON + 7 * DAY)
    assert step(PARCEL, NOON - 3 * DAY, ASSUMES, NOON + 40 * DAY) == Assume(NOON + 7 * DAY)


def test_where_nothing_is_assumed_the_owner_looks_after_fifteen_days() -> None:
    assert step(PARCEL, NOON, ASKS, NOON) == Wait(NOON + 12 * DAY)
    assert step(PARCEL, NOON, ASKS, NOON + 12 * DAY) == Incident("silent")


def test_a_change_of_the_order_does_not_put_the_day_off() -> None:
    assert step(PARCEL, NOON - HOUR, ASSUMES, NOON) == step(PARCEL, NOON - 2 * DAY, ASSUMES, NOON)


def test_a_parcel_of_no_known_or_of_a_coming_day_left_when_it_was_told() -> None:
    for shipped_at in (None, NOON + 400 * DAY):
        assert step(replace(PARCEL, shipped_at=shipped_at), NOON - DAY, ASSUMES, NOON) == Wait(NOON + 9 * DAY)


def test_a_failed_delivery_waits_three_days_for_the_next_try_and_a_returning_parcel_none() -> None:
    failed = Shipment("p1", "failed", shipped_at=NOON - 30 * DAY)
    assert step(failed, NOON - HOUR, ASSUMES, NOON) == Wait(NOON - HOUR + FAILED_AFTER)
    assert step(failed, NOON - FAILED_AFTER, ASSUMES, NOON) == Incident("failed")
    assert step(Shipment("p1", "returning"), NOON, ASSUMES, NOON) == Incident("returning")


def test_a_parcel_whose_order_cannot_be_read_is_somebodys_matter_after_a_day() -> None:
    assert unread(NOON, NOON + UNREAD_AFTER - timedelta(seconds=1)) == Wait(NOON + DAY)
    assert unread(NOON, NOON + UNREAD_AFTER) == Incident("unread")
