"""Which bounce ends what: an address, a stream, or nothing yet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.rules.bounces import (
    COMPLAINTS,
    SURVEYS_END,
    Suppress,
    consequence,
    kind_of,
    kind_of_refusal,
    worrying,
)

MEANINGS = [
    ("failed", "5.1.1", "hard"), ("failed", "5.1.2", "hard"), ("failed", "5.1.10", "hard"), ("failed", "5.1.0", "hard"),
    ("failed", "5.2.1", "hard"), ("failed", "5.4.4", "hard"),
    ("failed", "5.2.2", "soft"), ("failed", "4.2.2", "soft"), ("failed", "4.4.1", "soft"), ("failed", "5.0.0", "soft"),
    ("failed", "5.4.1", "soft"), ("failed", "", "soft"),
    ("failed", "5.7.1", "sender"), ("failed", "5.7.26", "sender"), ("failed", "5.7.515", "sender"),
    ("failed", "5.1.7", "sender"), ("failed", "5.1.8", "sender"),
    ("failed", "5.3.4", "other"), ("failed", "5.2.3", "other"), ("failed", "5.6.0", "other"),
    ("delayed", "4.4.1", "delayed"), ("delayed", "5.1.1", "delayed"),
    ("delivered", "2.0.0", "other"), ("relayed", "", "other"), ("", "5.1.1", "other"),
    ("complaint", "", "complaint"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "status", "kind"), MEANINGS)
def test_a_status_means_one_thing(action: str, status: str, kind: str) -> None:
    assert kind_of(action, status) == kind


def test_an_address_that_is_none_gets_nothing_any_more() -> None:
    assert consequence("hard", 0) == Suppress(("all",), "hard_bounce", None)


def test_a_spam_complaint_ends_surveys_and_offers_and_no_more() -> None:
    assert consequence("complaint", 0) == Suppress(("survey", "marketing"), "spam_complaint", None)


def test_five_soft_bounces_within_thirty_days_rest_for_thirty() -> None:
    assert consequence("soft", 4) is None
    assert consequence("soft", 5) == Suppress(("all",), "soft_bounces", timedelta(days=30))


@given(st.integers(0, 100))
def test_a_fault_of_ours_never_suppresses_anybody(softs: int) -> None:
    for kind in ("sender", "delayed", "other"):
        assert consequence(kind, softs) is None


@given(st.text(max_size=8), st.text(max_size=12))
def test_whatever_is_reported_means_something(action: str, status: str) -> None:
    assert kind_of(action, status) in {"hard", "soft", "sender", "complaint", "delayed", "other"}


@pytest.mark.parametrize(
    ("code", "reply", "kind"),
    [
        ("mail_recipient_refused", "550 5.1.1 <…>: no such user", "hard"),
        ("mail_recipient_refused", "550 no such user", "soft"),
        ("mail_recipient_refused", "300 Invalid 'To' address", "soft"),
        ("mail_recipient_full", "552 5.2.2 mailbox full", "soft"),
        ("mail_recipient_inactive", "406 inactive", "hard"),
        ("mail_content_refused", "550 5.1.1", "other"),
        ("useless_now", "", "other"),
    ],
)
def test_a_refusal_at_the_door_counts_like_a_bounce(code: str, reply: str, kind: str) -> None:
    assert kind_of_refusal(code, reply) == kind


def test_surveys_end_at_three_in_a_thousand() -> None:
    assert not worrying(2, 667, *SURVEYS_END)
    assert worrying(2, 666, *SURVEYS_END)
    assert not worrying(1, 100, *SURVEYS_END)


@pytest.mark.parametrize(
    ("n", "sent", "worrying_"),
    [(0, 0, False), (1, 1, False), (1, 900, False), (2, 3000, False), (2, 2000, True), (3, 100, True)],
)
def test_few_complaints_say_nothing_and_one_in_a_thousand_too_much(n: int, sent: int, worrying_: bool) -> None:
    assert worrying(n, sent, *COMPLAINTS) is worrying_
