"""A complaint gets the same fix and extra by every door, whatever the score; a doubt is a person's to judge."""

import inspect
from dataclasses import fields, replace
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.facts import Address
from integration.domain.money import Money
from integration.domain.policy import CAUSES, WISHES, Compensation, Fix, Fixes, Policy
from integration.rules.compensation import Extra, Spent
from integration.rules.complaints import Case, CustomerHistory, Verdict, decide, severity
from integration.rules.surveys import opens_complaint, read_answer
from tests.rules.cast import DAY, NOON, euros, order

GENEROUS = Compensation(
    enabled=True, kind="fixed", value=Decimal(5), day_budget=Decimal(50), month_budget=Decimal(300), causes=CAUSES
)
POLICY = Policy(compensation=GENEROUS)
OFF = Policy()
REGULAR = CustomerHistory(orders_count=3)
NOTHING = Spent(euros(0), euros(0))
CODE = Extra("fixed", Decimal(5), euros(5), NOON + 60 * DAY)
BILLED_ABROAD = order(billing=Address(country="CL"))


def _decide(cause="damaged", wish="", text="", sams=None, history=REGULAR, policy=POLICY, spent=NOTHING, **more):
    return decide(Case(cause, wish, text, sams or order(), **more), history, policy, spent, "EUR", NOON)


# -- urgent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Mi hija tuvo una reacción alérgica",
        "ME QUEMÉ LA MANO",
        "Salía humo del cargador",
        "Me corté con el vidrio",
        "Es un peligro para los niños",
        "Terminamos en urgencias.",
        "Me dio una descarga eléctrica",
        "It caught fire!",
        "I got an electric shock",
        "I cut my finger on it",
        "It made my son sick",
        "The baby was choking on a piece",
        "A bateria explodiu",
        "Levei um choque elétrico",
        "Meu filho se engasgou",
        "Saiu fumaça e queimou a mesa",
        "Fiquei doente",
        "Tiene moho",
    ],
)
def test_words_about_harm_are_urgent(text):
    assert severity("other", text) == "urgent"
    verdict = _decide("late", text=text)
    assert (verdict.by, verdict.extra) == ("person", None)
    assert "danger" in verdict.reasons


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Llegó tarde y la caja estaba rota",
        "Estoy de muy mal humor con ustedes",
        "The colour is wrong, I am disappointed",
        "I am sick of waiting",
        "Explorer 3000: no es lo que pedí",
        "My Fire TV stick never came",
        "O produto não é o que comprei",
        "The curtain was cut too short",
        "Der Artikel ist zu klein 👎",
    ],
)
def test_words_about_a_bad_purchase_are_not(text):
    assert severity("damaged", text) == "normal"


def test_the_cause_danger_is_urgent_without_a_word():
    assert severity("danger", "") == "urgent"
    verdict = _decide("danger")
    assert verdict == Verdict("person", None, "person", ("danger", "extra_without_fix"), CODE)
    assert _decide("danger", policy=OFF).reasons == ("danger",)


# -- the fix ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "fix"),
    [("late", "explanation"), ("damaged", "resend"), ("wrong_item", "exchange"), ("not_as_described", "return_label")],
)
def test_the_cause_names_the_fix_and_the_extra_comes_with_it(cause, fix):
    assert _decide(cause) == Verdict(fix, CODE, "policy", ())


def test_mia_chooses_another_fix():
    policy = replace(POLICY, fixes=Fixes(damaged="repair"))
    assert _decide(policy=policy).fix == "repair"


def test_without_compensation_there_is_still_a_fix():
    assert _decide(policy=OFF) == Verdict("resend", None, "policy", ("off",))


def test_a_dry_run_decides_the_fix_and_says_what_it_would_have_given():
    policy = replace(POLICY, compensation=replace(GENEROUS, dry_run=True))
    assert _decide(policy=policy) == Verdict("resend", None, "policy", ("dry_run",), CODE)


def test_an_order_with_a_code_gets_its_fix_but_no_second_code():
    verdict = _decide(history=replace(REGULAR, code_on_order=True))
    assert verdict == Verdict("resend", None, "policy", ("already_has_code",))


# -- wishes -------------------------------------------------------------------------------------------

MET = {
    "resend": {"resend", "exchange"},
    "exchange": {"resend", "exchange"},
    "refund": {"refund"},
    "repair": {"repair"},
    "answer": set(),
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("fix", [fix for fix in get_args(Fix) if fix != "person"])
def test_a_wish_that_the_fix_does_not_meet_goes_to_a_person(wish, fix):
    verdict = _decide(wish=wish, policy=replace(POLICY, fixes=Fixes(damaged=fix)))
    if fix in MET[wish]:
        assert verdict == Verdict(fix, CODE, "policy", ())
    else:
        assert verdict == Verdict(fix, None, "person", ("other_wish",), CODE)


@pytest.mark.parametrize("fix", [fix for fix in get_args(Fix) if fix != "person"])
def test_who_wishes_nothing_contradicts_nothing(fix):
    assert _decide(policy=replace(POLICY, fixes=Fixes(damaged=fix))).by == "policy"


def test_a_wish_that_nobody_knows_goes_to_a_person():
    assert _decide(wish="a pony").reasons == ("other_wish",)


# -- a person -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("circumstances", "reason"),
    [
        ({"history": replace(REGULAR, complaints_90d=2)}, "many_complaints"),
        ({"history": replace(REGULAR, earlier_failures=1)}, "second_failure"),
        ({"history": replace(REGULAR, codes_in_period=1)}, "over_customer_max"),
        ({"sams": order(total=euros(0))}, "order_worth_nothing"),
        ({"sams": BILLED_ABROAD}, "address_mismatch"),
        ({"sams": order(state="cancelled")}, "order_gone"),
        ({"sams": order(state="removed")}, "order_gone"),
        ({"spent": Spent(euros(46), euros(46))}, "over_day_budget"),
    ],
)
def test_a_doubt_is_a_persons_to_judge_with_what_the_policy_proposes(circumstances, reason):
    assert _decide(**circumstances) == Verdict("resend", None, "person", (reason,), CODE)


@pytest.mark.parametrize(
    "circumstances",
    [
        {"history": replace(REGULAR, complaints_90d=1)},
        {"sams": order(total=euros("0.01"))},
        {"sams": order(billing=Address())},
        {"sams": order(shipping=Address())},
    ],
)
def test_what_is_usual_is_no_doubt(circumstances):
    assert _decide(**circumstances).by == "policy"


def test_an_order_in_another_currency_goes_to_a_person_without_a_proposal():
    dollars = order(subtotal=Money.of(40, "USD"))
    assert _decide(sams=dollars) == Verdict("resend", None, "person", ("other_currency",))


def test_a_cause_that_mia_keeps_to_herself_goes_to_her():
    assert _decide("service", policy=OFF) == Verdict("person", None, "person", ("fix_by_person",))


def test_an_extra_without_a_fix_warns():
    assert _decide("service") == Verdict("person", None, "person", ("fix_by_person", "extra_without_fix"), CODE)


@pytest.mark.parametrize("fix", get_args(Fix))
def test_an_unclear_cause_never_gets_a_code_without_a_person(fix):
    verdict = _decide("other", policy=replace(POLICY, fixes=Fixes(other=fix)))
    assert (verdict.by, verdict.extra, verdict.reasons[0]) == ("person", None, "cause_unclear")
    assert "fix_by_person" not in verdict.reasons


@pytest.mark.parametrize("cause", ["late", "damaged"])
def test_a_new_customer_gets_a_code_along_with_a_fix_and_an_explanation_is_one(cause):
    assert _decide(cause, history=CustomerHistory()).extra == CODE


def test_a_new_customer_gets_nothing_but_a_code_only_from_a_person():
    policy = replace(POLICY, fixes=Fixes(late="person"))
    verdict = _decide("late", history=CustomerHistory(), policy=policy)
    assert (verdict.by, verdict.extra) == ("person", None)
    assert "extra_without_fix" in verdict.reasons


def test_every_doubt_is_named():
    everything = _decide(
        wish="refund",
        text="fuego",
        sams=replace(BILLED_ABROAD, total=euros(0), state="removed"),
        history=CustomerHistory(complaints_90d=9, earlier_failures=1, codes_in_period=9),
    )
    assert everything.reasons == (
        "danger",
        "other_wish",
        "many_complaints",
        "second_failure",
        "order_worth_nothing",
        "address_mismatch",
        "order_gone",
        "over_customer_max",
    )


# -- never the score ----------------------------------------------------------------------------------


def test_the_rules_cannot_see_a_score_or_a_door():
    asked = {field.name for kind in (Case, CustomerHistory, Spent) for field in fields(kind)}
    asked |= set(inspect.signature(decide).parameters)
    assert not asked & {"score", "answer", "source", "door", "previous"}


@given(
    score=st.integers(1, 5),
    cause=st.sampled_from(CAUSES),
    text=st.sampled_from(["", "llegó roto", "salió humo"]),
    history=st.builds(CustomerHistory, complaints_90d=st.integers(0, 3), orders_count=st.integers(0, 3)),
)
def test_form_and_survey_get_the_same_verdict_for_the_same_cause_at_any_score(score, cause, text, history):
    answer = read_answer({"score": str(score), "cause": cause, "text": text})
    by_survey = _decide(opens_complaint(answer), text=answer.text, history=history)
    assert by_survey == _decide(cause, text=text, history=history)


@given(
    cause=st.sampled_from(CAUSES),
    wish=st.sampled_from(["", *WISHES]),
    history=st.builds(
        CustomerHistory,
        complaints_90d=st.integers(0, 3),
        codes_in_period=st.integers(0, 2),
        code_on_order=st.booleans(),
        earlier_failures=st.integers(0, 1),
        orders_count=st.integers(0, 3),
    ),
    dry_run=st.booleans(),
)
def test_an_extra_is_given_only_by_the_policy_only_without_a_doubt_and_only_with_a_fix(cause, wish, history, dry_run):
    policy = replace(POLICY, compensation=replace(GENEROUS, dry_run=dry_run))
    verdict = _decide(cause, wish, history=history, policy=policy)
    if verdict.extra:
        assert (verdict.by, verdict.reasons, verdict.would_have, dry_run) == ("policy", (), None, False)
        assert verdict.fix != "person"
    if verdict.by == "person":
        assert verdict.reasons
