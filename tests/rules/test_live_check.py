"""What a look at a live store means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from integration.domain.facts import Order, Shipment
from integration.domain.money import Money
from integration.domain.tasks import Discount, DiscountRequest
from integration.rules import live_check as rules

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDER = Order("1", "1001", "open", "paid", NOW, NOW, Money.of("20", "EUR"), Money.of("20", "EUR"))
ASKED = DiscountRequest(
    "PV-LIVE-1", "Postventa", "percent", Decimal(1), "EUR", "sam@example.com", "7", NOW, NOW + timedelta(hours=1)
)
HELD = Discount("9", "PV-LIVE-1", bound=True, expires_at=ASKED.expires_at, usage_limit=1)


@pytest.mark.parametrize(
    ("ok", "problem", "verdict"),
    [(True, "", "ok"), (False, "", "differs"), (False, "read_only_key", "differs"), (False, "throttled", "could_not")],
)
def test_a_store_that_does_not_answer_says_nothing_of_itself(ok: bool, problem: str, verdict: str) -> None:
    assert rules.of_check(ok, {"problem": problem}) == verdict


def test_strangers_see_no_place_and_no_name() -> None:
    told = {"scope": "read_orders", "address": "https://mia.example", "name": "Mia", "said": "hello", "problem": ""}
    assert rules.shown(told) == {"scope": "read_orders"}


def test_two_readings_are_compared_field_by_field() -> None:
    assert rules.differences(ORDER, ORDER) == []
    assert rules.differences(ORDER, replace(ORDER, email="sam@example.com", phone="1")) == ["email", "phone"]


def test_all_is_ok_and_none_of_none_says_nothing() -> None:
    assert [rules.share(2, 2), rules.share(1, 2), rules.share(0, 0)] == ["ok", "differs", "could_not"]


def test_one_order_that_can_be_written_to_shows_that_addresses_come_through() -> None:
    assert rules.buyers([])[0] == "could_not"
    assert rules.buyers([ORDER])[0] == "differs"
    verdict, told = rules.buyers([ORDER, replace(ORDER, email="sam@example.com")])
    assert (verdict, told) == ("ok", {"orders": "2", "with_email": "1", "with_country": "0"})


def test_deliveries_are_counted_by_state() -> None:
    assert rules.deliveries([ORDER]) == ("could_not", {})
    sent = replace(ORDER, shipments=(Shipment("1"), Shipment("2", "delivered"), Shipment("3")))
    assert rules.deliveries([sent]) == ("ok", {"delivered": "1", "under_way": "2"})


def test_what_nobody_sends_is_named() -> None:
    assert rules.webhooks(["b", "a", "c"], ["c"]) == ("differs", {"missing": "a, b"})
    assert rules.webhooks(["a"], ["a", "b"]) == ("ok", {"missing": ""})


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        (None, ["code"]),
        (HELD, []),
        (replace(HELD, bound=False, usage_limit=None), ["bound", "usage_limit"]),
        (replace(HELD, expires_at=None, used=1), ["expires_at", "used"]),
    ],
)
def test_limits_of_a_code_are_compared(held: Discount | None, wrong: list[str]) -> None:
    assert rules.code(held, ASKED) == wrong
