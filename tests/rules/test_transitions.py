"""Legal moves: every pair is said aloud, and parcels end the same whatever the order of their news."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import Conflict
from integration.domain.facts import ShipmentState
from integration.domain.tasks import TaskState
from integration.rules.transitions import allowed, moved, supersedes

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATES = {
    "complaint": "received acknowledged in_progress waiting_customer decided closed",
    "code": "reserved created mailed redeemed expired revoked",
    "shipment": "under_way failed cancelled delivered returning",
    "followup": "planned done skipped",
    "mail": "queued sending sent ambiguous dead skipped",
    "task": "ready leased done ambiguous dead",
}
MOVES = {
    "complaint": """
        received>acknowledged received>in_progress received>waiting_customer received>decided received>closed
        acknowledged>in_progress acknowledged>waiting_customer acknowledged>decided acknowledged>closed
        in_progress>waiting_customer in_progress>decided in_progress>closed
        waiting_customer>in_progress waiting_customer>decided waiting_customer>closed
        decided>in_progress decided>waiting_customer decided>closed
        closed>in_progress""",
    "code": """
        reserved>created reserved>revoked
        created>mailed created>redeemed created>expired created>revoked
        mailed>redeemed mailed>expired mailed>revoked
        expired>redeemed revoked>redeemed
        redeemed>mailed redeemed>expired""",
    "shipment": """
        under_way>failed under_way>cancelled under_way>delivered under_way>returning
        failed>under_way failed>cancelled failed>delivered failed>returning
        cancelled>delivered cancelled>returning
        delivered>returning""",
    "followup": "planned>done planned>skipped",
    "mail": """
        queued>sending queued>skipped queued>dead
        sending>sent sending>ambiguous sending>queued sending>dead sending>skipped
        ambiguous>queued ambiguous>sending ambiguous>sent ambiguous>dead
        dead>queued dead>skipped sent>queued""",
    "task": """
        ready>leased leased>done leased>ready leased>ambiguous leased>dead
        ambiguous>ready ambiguous>done ambiguous>dead dead>ready done>ready""",
}


@pytest.mark.parametrize("kind", STATES)
def test_exactly_the_moves_of_the_table_are_allowed(kind):
    states = STATES[kind].split()
    found = {f"{old}>{new}" for old in states for new in states if allowed(kind, old, new)}
    assert found == set(MOVES[kind].split())


def test_the_states_are_those_of_the_domain():
    assert set(STATES["shipment"].split()) == set(get_args(ShipmentState))
    assert set(STATES["task"].split()) == set(get_args(TaskState))


def test_a_closed_complaint_can_only_be_reopened():
    assert moved("complaint", "closed", "in_progress") == "in_progress"
    with pytest.raises(Conflict) as error:
        moved("complaint", "closed", "decided")
    assert error.value.code == "illegal_move"
    assert error.value.params == {"kind": "complaint", "old": "closed", "new": "decided"}


def test_an_unknown_state_moves_nowhere():
    assert not allowed("mail", "lost", "sent")
    assert not allowed("mail", "queued", "lost")


def test_a_delivered_parcel_does_not_go_back_on_the_road():
    assert not supersedes("delivered", NOON, "under_way", NOON + timedelta(days=1))


def test_a_delivered_parcel_can_be_sent_back():
    assert supersedes("delivered", NOON, "returning", NOON + timedelta(days=1))
    assert supersedes("delivered", NOON, "returning", NOON - timedelta(days=1))


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_parcel_that_arrived_was_not_cancelled(hours):
    assert supersedes("cancelled", NOON, "delivered", NOON + timedelta(hours=hours))
    assert not supersedes("delivered", NOON, "cancelled", NOON + timedelta(hours=hours))


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_cancelled_parcel_is_not_on_the_road(hours):
    assert supersedes("under_way", NOON, "cancelled", NOON + timedelta(hours=hours))
    assert not supersedes("cancelled", NOON, "failed", NOON + timedelta(hours=hours))


def test_the_same_news_twice_is_no_news():
    assert not supersedes("under_way", NOON, "under_way", NOON)


def test_the_first_report_of_an_arrival_holds():
    assert supersedes("delivered", NOON, "delivered", NOON - timedelta(hours=1))
    assert not supersedes("delivered", NOON, "delivered", NOON + timedelta(hours=1))


def test_a_late_story_from_the_road_does_not_undo_a_newer_one():
    assert not supersedes("failed", NOON, "under_way", NOON - timedelta(hours=1))
    assert supersedes("failed", NOON, "under_way", NOON + timedelta(hours=1))


news = st.tuples(
    st.sampled_from(get_args(ShipmentState)), st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours))
)


def _told(reports):
    known = reports[0]
    for state, at in reports[1:]:
        if supersedes(*known, state, at):
            known = (state, at)
    return known


@given(st.lists(news, min_size=1, max_size=5))
def test_any_order_of_the_same_news_ends_in_the_same_state(reports):
    assert {_told(order) for order in permutations(reports)} == {_told(reports)}


@given(news, news)
def test_what_supersedes_is_a_legal_move(old, new):
    if supersedes(*old, *new) and old[0] != new[0]:
        assert allowed("shipment", old[0], new[0])
