"""Money keeps its currency's digits, never gains by a percentage, and does not mix."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import BadPayload
from integration.domain.money import Money, digits

CURRENCIES = st.sampled_from(["EUR", "CLP", "KWD", "BRL", "JPY"])
MINORS = st.integers(min_value=-(10**12), max_value=10**12)
SHARES = st.decimals(min_value=0, max_value=100, places=2)


@given(MINORS, CURRENCIES)
def test_minor_units_survive_the_way_there_and_back(minor: int, currency: str) -> None:
    money = Money.of_minor(minor, currency)
    assert money.minor == minor
    assert Money.of(str(money.amount), currency) == money


@given(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False), CURRENCIES)
def test_an_amount_has_its_currency_s_digits_and_is_off_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    money = Money.of(amount, currency)
    assert money.amount.as_tuple().exponent == -digits(currency)
    assert abs(money.amount - amount) <= Decimal(1).scaleb(-digits(currency)) / 2


@given(st.integers(min_value=0, max_value=10**12), SHARES, CURRENCIES)
def test_a_percentage_is_never_more_than_was_promised(minor: int, share: Decimal, currency: str) -> None:
    whole = Money.of_minor(minor, currency)
    part = whole.percent(share)
    exact = whole.amount * share / 100
    assert exact - Decimal(1).scaleb(-digits(currency)) < part.amount <= exact


@given(MINORS, MINORS, CURRENCIES)
def test_sums_and_order_are_those_of_the_minor_units(one: int, other: int, currency: str) -> None:
    left, right = Money.of_minor(one, currency), Money.of_minor(other, currency)
    assert (left + right).minor == one + other
    assert (left < right) == (one < other)


def test_two_currencies_do_not_mix() -> None:
    euros, pesos = Money.of("10", "EUR"), Money.of("10", "CLP")
    with pytest.raises(ValueError, match="EUR and CLP do not mix"):
        _ = euros + pesos
    with pytest.raises(ValueError, match="CLP and EUR do not mix"):
        _ = pesos < euros


@pytest.mark.parametrize("amount", ["", "ten", "NaN", "Infinity", "-1e400", "1e13"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(BadPayload, match="bad_amount"):
        Money.of(amount, "EUR")
