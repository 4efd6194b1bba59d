"""An extra is given within every limit that Mia set, and never before she set them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.money import Money
from integration.domain.policy import CAUSES, Compensation
from integration.rules.compensation import (
    Extra,
    Person,
    Refusal,
    Spent,
    amount_at_risk,
    code_length,
    grant,
    identity_keys,
    limits_set,
    normal_email,
    offer,
)
from tests.rules.cast import DAY, NOON, euros, order

TEN_PERCENT = Compensation(
    enabled=True, value=Decimal(10), per_code_max=Decimal(8), day_budget=Decimal(50), month_budget=Decimal(300)
)
FIVE_EUROS = replace(TEN_PERCENT, kind="fixed", value=Decimal(5), per_code_max=None)
FREIGHT = replace(TEN_PERCENT, kind="free_shipping", value=Decimal(0))
NOTHING = Spent(euros(0), euros(0))
CODE = Extra("fixed", Decimal(5), euros(5), NOON + 60 * DAY)


def _grant(compensation=FIVE_EUROS, sams=None, cause="late", spent=NOTHING, codes=0, **more):
    circumstances = {"shop_currency": "EUR", "spent": spent, "codes_in_period": codes, "now": NOON, **more}
    return grant(compensation, sams or order(), cause, **circumstances)


# -- switched on --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "is_set"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"value": Decimal(0)}, False),
        ({"value": Decimal(-1)}, False),
        ({"value": Decimal("0.5")}, True),
        ({"per_code_max": None}, False),
        ({"day_budget": None}, True),
        ({"month_budget": None}, True),
        ({"day_budget": None, "month_budget": None}, False),
        ({"customer_max": 0}, False),
        ({"kind": "fixed", "per_code_max": None}, True),
        ({"kind": "free_shipping", "value": Decimal(0)}, True),
        ({"kind": "free_shipping", "per_code_max": None}, False),
        ({"day_budget": Decimal(0)}, True),
    ],
)
def test_nothing_is_given_before_every_limit_is_set(changes, is_set):
    compensation = replace(TEN_PERCENT, **changes)
    assert limits_set(compensation) is is_set
    if compensation.enabled:
        assert (_grant(compensation) == Refusal("limits_not_set")) is not is_set


def test_a_shop_that_chose_nothing_gives_nothing():
    assert _grant(Compensation()) == Refusal("off")
    assert not limits_set(Compensation())


def test_a_dry_run_says_what_it_would_have_given_and_gives_nothing():
    assert _grant(replace(FIVE_EUROS, dry_run=True)) == Refusal("dry_run", CODE)
    assert _grant(replace(FIVE_EUROS, dry_run=True, enabled=False)) == Refusal("dry_run", CODE)


# -- how much -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compensation", "subtotal", "at_risk"),
    [
        (FIVE_EUROS, 40, "5"),
        (FIVE_EUROS, 2, "3"),  # 150 % of what she bought
        (FIVE_EUROS, 0, "0"),
        (replace(FIVE_EUROS, per_code_max=Decimal(4)), 40, "4"),
        (TEN_PERCENT, 40, "4"),
        (TEN_PERCENT, "40.59", "4.05"),
        (TEN_PERCENT, 100, "8"),
        (replace(TEN_PERCENT, per_code_max=None), 100, "10"),
        (FREIGHT, 40, "8"),
        (FREIGHT, 1, "8"),
        (replace(FREIGHT, per_code_max=None), 40, "0"),
    ],
)
def test_what_a_code_may_cost(compensation, subtotal, at_risk):
    assert amount_at_risk(compensation, order(subtotal=euros(subtotal))) == euros(at_risk)


def test_pesos_have_no_cents():
    thousand = replace(FIVE_EUROS, value=Decimal(1000))
    sams = order(subtotal=Money.of("12990", "CLP"))
    nothing = Spent(Money.of(0, "CLP"), Money.of(0, "CLP"))
    given_ = _grant(
        replace(thousand, day_budget=Decimal(1000), month_budget=None), sams, spent=nothing, shop_currency="CLP"
    )
    assert (given_.value, given_.at_risk) == (Decimal(1000), Money.of(1000, "CLP"))


def test_a_code_is_of_the_kind_that_mia_chose():
    assert _grant() == CODE
    assert _grant(TEN_PERCENT) == Extra("fixed", Decimal(4), euros(4), NOON + 60 * DAY)
    assert _grant(FREIGHT) == Extra("free_shipping", Decimal(0), euros(8), NOON + 60 * DAY)
    assert _grant(replace(FREIGHT, value=Decimal(50))) == _grant(FREIGHT)


@pytest.mark.parametrize(("subtotal", "amount"), [("40", "4"), ("80", "8"), ("80.10", "8"), ("900", "8")])
def test_a_percentage_is_an_amount_so_that_no_larger_order_makes_it_cost_more(subtotal, amount):
    given_ = _grant(TEN_PERCENT, order(subtotal=euros(subtotal)))
    assert given_ == Extra("fixed", Decimal(amount), euros(amount), NOON + 60 * DAY)


def test_a_small_order_gets_a_small_code():
    assert _grant(sams=order(subtotal=euros(2))) == replace(CODE, value=Decimal(3), at_risk=euros(3))
    assert _grant(TEN_PERCENT, order(subtotal=euros("0.10"))).at_risk == euros("0.01")


def test_no_code_lives_longer_than_ninety_days():
    assert _grant(replace(FIVE_EUROS, expires=365 * DAY)).expires_at == NOON + 90 * DAY
    assert _grant(replace(FIVE_EUROS, expires=timedelta(hours=1))).expires_at == NOON + timedelta(hours=1)


def test_a_code_asks_for_the_smallest_purchase_that_mia_set():
    assert _grant(replace(FIVE_EUROS, min_subtotal=Decimal(30))) == replace(CODE, min_subtotal=euros(30))


# -- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("circumstances", "reason"),
    [
        ({"cause": "service"}, "cause_not_covered"),
        ({"cause": "danger"}, "cause_not_covered"),
        ({"has_code": True}, "already_has_code"),
        ({"sams": order(subtotal=euros(0))}, "nothing_to_give"),
        ({"compensation": TEN_PERCENT, "sams": order(subtotal=euros("0.05"))}, "nothing_to_give"),
        ({"sams": order(subtotal=euros(-3))}, "nothing_to_give"),
        ({"compensation": replace(FREIGHT, per_code_max=Decimal(0))}, "nothing_to_give"),
    ],
)
def test_what_the_policy_does_not_give_says_why(circumstances, reason):
    assert _grant(**circumstances) == Refusal(reason)


@pytest.mark.parametrize("cause", CAUSES)
def test_exactly_the_causes_that_mia_chose_are_compensated(cause):
    assert (_grant(replace(FIVE_EUROS, causes=("service",)), cause=cause) == CODE) == (cause == "service")


def test_the_smallest_purchase_is_the_next_ones_not_this_ones():
    assert _grant(replace(FIVE_EUROS, min_subtotal=Decimal(41))) == replace(CODE, min_subtotal=euros(41))


# -- for a person -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("circumstances", "reason"),
    [
        ({"codes": 1}, "over_customer_max"),
        ({"codes": 2, "compensation": replace(FIVE_EUROS, customer_max=2)}, "over_customer_max"),
        ({"compensation": replace(FIVE_EUROS, person_above=Decimal("4.99"))}, "above_person_limit"),
        ({"spent": Spent(euros("45.01"), euros("45.01"))}, "over_day_budget"),
        ({"spent": Spent(euros(0), euros("295.01"))}, "over_month_budget"),
        ({"compensation": replace(FIVE_EUROS, day_budget=Decimal(0))}, "over_day_budget"),
    ],
)
def test_beyond_a_limit_a_person_decides_about_what_the_policy_proposes(circumstances, reason):
    assert _grant(**circumstances) == Person(reason, CODE)


@pytest.mark.parametrize(
    "circumstances",
    [
        {"codes": 1, "compensation": replace(FIVE_EUROS, customer_max=2)},
        {"compensation": replace(FIVE_EUROS, person_above=Decimal(5))},
        {"spent": Spent(euros(45), euros(295))},
        {"compensation": replace(FIVE_EUROS, day_budget=None), "spent": Spent(euros(60), euros(60))},
        {"compensation": replace(FIVE_EUROS, month_budget=None), "spent": Spent(euros(0), euros(999))},
    ],
)
def test_a_limit_may_be_reached(circumstances):
    assert _grant(**circumstances) == CODE


def test_an_order_in_another_currency_than_the_shops_goes_to_a_person():
    assert _grant(sams=order(subtotal=Money.of(40, "USD"))) == Person("other_currency")


@pytest.mark.parametrize(
    ("compensation", "subtotal", "offered"),
    [
        (FIVE_EUROS, euros(40), CODE),
        (replace(FIVE_EUROS, enabled=False, day_budget=Decimal(0), person_above=Decimal(1)), euros(40), CODE),
        (FREIGHT, euros(40), Extra("free_shipping", Decimal(0), euros(8), NOON + 60 * DAY)),
        (FIVE_EUROS, euros("0.40"), replace(CODE, value=Decimal("0.60"), at_risk=euros("0.60"))),
        (FIVE_EUROS, euros(0), None),
        (Compensation(), euros(40), None),
        (FIVE_EUROS, Money.of(40, "USD"), None),
    ],
)
def test_a_person_may_give_the_policys_extra_whatever_its_caps(compensation, subtotal, offered):
    assert offer(compensation, order(subtotal=subtotal), "EUR", NOON) == offered


budgets = st.none() | st.decimals(0, 100, places=2)


@given(
    compensation=st.builds(
        Compensation,
        enabled=st.just(True),
        kind=st.sampled_from(["percent", "fixed", "free_shipping"]),
        value=st.decimals(0, 40, places=2),
        per_code_max=budgets,
        day_budget=budgets,
        month_budget=budgets,
        person_above=budgets,
    ),
    subtotals=st.lists(st.decimals(0, 300, places=2), max_size=15),
)
def test_no_row_of_complaints_ever_exceeds_a_budget(compensation, subtotals):
    spent = NOTHING
    for subtotal in subtotals:
        match _grant(compensation, order(subtotal=euros(str(subtotal))), spent=spent):
            case Extra(kind, value, at_risk):
                spent = Spent(spent.day + at_risk, spent.month + at_risk)
                assert compensation.per_code_max is None or at_risk.amount <= compensation.per_code_max
                assert compensation.person_above is None or at_risk.amount <= compensation.person_above
                assert kind == "free_shipping" or at_risk.amount <= subtotal * Decimal("1.5")
                assert kind == "free_shipping" or (kind, value) == ("fixed", at_risk.amount)
    for limit in (compensation.day_budget, compensation.month_budget):
        assert limit is None or spent.day.amount <= limit


# -- codes and people ---------------------------------------------------------------------------------


def test_a_code_that_anyone_could_use_is_longer():
    assert code_length(bound=True) == 11
    assert code_length(bound=False) == 14


@pytest.mark.parametrize(
    ("email", "same"),
    [
        ("sam@example.com", "sam@example.com"),
        (" Sam@Example.COM ", "sam@example.com"),
        ("sam+shoes@example.com", "sam@example.com"),
        ("s.a.m@example.com", "s.a.m@example.com"),
        ("s.a.m+x+y@gmail.com", "sam@gmail.com"),
        ("Sam@GoogleMail.com", "sam@gmail.com"),
        ("+tag@example.com", "+tag@example.com"),
        ("a@b@example.com", "a@b@example.com"),
    ],
)
def test_a_mailbox_has_one_spelling(email, same):
    assert normal_email(email) == same
    assert normal_email(same) == same


@pytest.mark.parametrize(
    ("email", "phone", "customer", "keys"),
    [
        ("Sam@example.com", "+34 600 111 222", " 7 ", ("email:sam@example.com", "phone:34600111222", "customer:7")),
        ("", "0034-600-111-222", "", ("phone:34600111222",)),
        ("", "1234567", "", ("phone:1234567",)),
        ("", "123456", "", ()),
        ("nobody", "", " ", ()),
        ("", "", "0", ("customer:0",)),
    ],
)
def test_a_shopper_is_known_again_by_mail_phone_or_account(email, phone, customer, keys):
    assert identity_keys(email, phone, customer) == keys


@given(st.emails())
def test_a_spelling_of_a_mailbox_is_final(email):
    assert normal_email(normal_email(email)) == normal_email(email)
