"""Guards on the small extra: once per order, within caps and budget, off until limits are set, taken back (C13-C17)."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integration.db.tables import AnswerRow, CodeRow, ComplaintRow, HistoryRow, MailRow, Task
from integration.domain.events import PersonErased
from integration.flows import intake
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import (
    Order,
    act,
    answer,
    arrived,
    case,
    command,
    complain,
    reserved,
    store_of,
)
from tests.stores.faults import Faults

QUIET = {"label": "off", "survey_delay": "40d"}
EACH = 1080  # cents that one code puts at risk: ten per cent of 108 euros


def wide(**limits: Any) -> dict[str, Any]:
    """Limits so wide that none is met, but those that a test names."""
    return {"per_code_max": 1000, "day_budget": 100_000, "month_budget": 100_000, "customer_max": 1} | limits


@pytest.fixture
def quiet(make_house: MakeHouse) -> House:
    """A house that mails nothing after a delivery and gives codes within wide limits."""
    return make_house(**QUIET, compensation=wide())


# -- once --------------------------------------------------------------------------------------------


def test_an_order_gets_one_code_however_often_it_is_complained_about(quiet: House) -> None:
    order = arrived(quiet, 1)
    for cause in ("damaged", "damaged", "late", "wrong_item"):
        assert complain(quiet, order, cause) == 200
    assert answer(quiet, order, 1, "not_as_described") == 200
    quiet.run()
    assert len(quiet.codes()) == 1
    assert len(quiet.rows(CodeRow)) == 1


@pytest.mark.parametrize("cause", ["late", "damaged", "wrong_item", "not_as_described", "service", "other", "danger"])
def test_the_same_cause_gets_the_same_by_form_and_by_survey(quiet: House, cause: str) -> None:
    orders = [arrived(quiet, number) for number in range(6)]
    complain(quiet, orders[0], cause, text="Vaya")
    for score, order in enumerate(orders[1:], start=1):
        answer(quiet, order, score, cause, "Vaya")
    verdicts = {(found.fix, found.extra, found.state, found.reasons) for found in quiet.rows(ComplaintRow)}
    assert len(quiet.rows(ComplaintRow)) == 6
    assert len(verdicts) == 1, verdicts


def test_an_edit_may_open_a_complaint_and_never_brings_a_second_code(quiet: House) -> None:
    order = arrived(quiet, 1)
    for score, cause in ((5, ""), (2, "damaged"), (1, "wrong_item"), (5, ""), (1, "damaged")):
        assert answer(quiet, order, score, cause) == 200
    quiet.run()
    assert case(quiet, order).state == "decided"
    assert len(quiet.codes()) == 1
    [kept] = quiet.rows(AnswerRow)
    assert (kept.score, kept.cause) == (1, "damaged")


def at_once(*calls: Any) -> list[int]:
    """The statuses of calls that start together, each in a thread of its own."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(call) for call in calls]]


def test_two_tabs_at_once_make_one_answer_one_complaint_one_code(quiet: House) -> None:
    for number in range(10):
        order = arrived(quiet, number)
        tabs = [lambda order=order: answer(quiet, order, 1, "damaged", "Rota")] * 2
        assert at_once(*tabs) == [200, 200]
        assert case(quiet, order).extra == "fixed"
    quiet.run()
    assert [len(quiet.rows(table)) for table in (AnswerRow, ComplaintRow, CodeRow)] == [10, 10, 10]
    assert len(quiet.codes()) == 10


# -- caps --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "sam.shopper@gmail.com"}, {"email": "S.a.m.Shopper+shoes@googlemail.com"}),
        ({"email": "sam@example.com"}, {"email": "SAM+2@example.com"}),
        ({"phone": "+34 600 111 222"}, {"phone": "0034600111222"}),
        ({"customer_id": 7}, {"customer_id": 7}),
    ],
    ids=["gmail dots", "+tag", "phone", "account"],
)
def test_one_person_under_two_names_gets_one_code(quiet: House, first: Any, second: Any) -> None:
    orders = []
    for number, name in enumerate((first, second)):
        account = {key: name[key] for key in name if key == "customer_id"}
        billing = {key: name[key] for key in name if key != "customer_id"}
        orders.append(arrived(quiet, number, billing=billing, **account))
        complain(quiet, orders[-1])
    quiet.run()
    assert case(quiet, orders[0]).extra == "fixed"
    stopped = case(quiet, orders[1])
    assert (stopped.state, stopped.extra) == ("in_progress", "")
    assert "over_customer_max" in stopped.reasons.split()
    assert len(quiet.codes()) == 1


def test_somebody_else_is_not_stopped_by_her_cap(quiet: House) -> None:
    for number in range(3):
        complain(quiet, arrived(quiet, number, customer_id=number + 1, billing={"phone": f"+3460011122{number}"}))
    quiet.run()
    assert len(quiet.codes()) == 3


def test_her_cap_is_over_after_its_period(quiet: House) -> None:
    complain(quiet, arrived(quiet, "sam@example.com"))
    quiet.clock.advance(days=179)
    early = arrived(quiet, "sam@example.com")
    complain(quiet, early)
    quiet.clock.advance(days=2)
    late = arrived(quiet, "sam@example.com")
    complain(quiet, late)
    assert "over_customer_max" in case(quiet, early).reasons
    assert case(quiet, late).extra == "fixed"


@pytest.mark.parametrize(
    ("limits", "before", "reason"),
    [
        ({"customer_max": 1}, "sam@example.com", "over_customer_max"),
        ({"person_above": 10}, "ana@example.com", "above_person_limit"),
        ({"day_budget": 10}, "ana@example.com", "over_day_budget"),
        ({"month_budget": 20}, "ana@example.com", "over_month_budget"),
    ],
)
def test_over_a_limit_a_person_decides_and_her_mail_holds_a_link_to_act_on(
    make_house: MakeHouse, limits: dict[str, Any], before: str, reason: str
) -> None:
    house = make_house(**QUIET, compensation=wide(**limits))
    complain(house, arrived(house, before))
    order = arrived(house, "sam@example.com")
    complain(house, order)
    house.run()
    stopped = case(house, order)
    assert (stopped.state, stopped.extra) == ("in_progress", "")
    assert reason in stopped.reasons.split()
    mail = house.mails("owner_case")[-1]
    assert mail.message["To"].addresses[0].addr_spec == "mia@mia.example"
    page = house.client.get(re.findall(r"https://mia\.example(/admin/case/[\w-]+)", mail.text)[0])
    assert page.status_code == 200
    assert stopped.number in page.text


# -- under concurrency -------------------------------------------------------------------------------


def storm(house: House, orders: list[Order], each: int) -> set[int]:
    """Eight threads with so many requests each, on whatever order and by whichever door; the statuses."""

    def shop(number: int) -> set[int]:
        dice = random.Random(number)
        statuses = set()
        for _ in range(each):
            order, cause = dice.choice(orders), dice.choice(["damaged", "wrong_item"])
            by_form = dice.random() < 0.5
            statuses.add(complain(house, order, cause) if by_form else answer(house, order, 1, cause))
        return statuses

    with ThreadPoolExecutor(8) as threads:
        return set().union(*threads.map(shop, range(8)))


@pytest.mark.slow
def test_four_hundred_requests_at_once_never_exceed_budget_or_caps(make_house: MakeHouse) -> None:
    house = make_house(**QUIET, compensation=wide(day_budget=90, month_budget=130))
    sams = [f"s.a.m+{number}@gmail.com" for number in range(10)]
    orders = [arrived(house, buyer) for buyer in (*sams, *range(20))]
    assert storm(house, orders, 50) == {200}
    given = reserved(house)
    assert sum(code.at_risk_minor for code in given) == 8 * EACH  # 86.40 of 90.00: the next one would be too much
    of_sam = {order.id for order in orders[: len(sams)]}
    assert len([code for code in given if code.order_id in of_sam]) <= 1
    house.clock.advance(days=1)
    assert storm(house, [arrived(house, f"{number}@next.example") for number in range(20)], 10) == {200}
    assert sum(code.at_risk_minor for code in reserved(house)) == 12 * EACH  # 129.60 of the month's 130.00
    assert len({code.order_id for code in reserved(house)}) == 12
    assert len(house.rows(AnswerRow)) == len({row.order_id for row in house.rows(AnswerRow)})
    act(house, "CreateDiscount")
    assert len(house.codes()) == 12


def test_tomorrow_has_a_budget_of_its_own(make_house: MakeHouse) -> None:
    house = make_house(**QUIET, compensation=wide(day_budget=11, month_budget=22))
    for number in range(3):
        complain(house, arrived(house, 2 * number))
        complain(house, arrived(house, 2 * number + 1))
        house.clock.advance(days=1)
    assert len(reserved(house)) == 2  # one a day, until the month is spent


# -- off, and dry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "missing",
    [
        {"enabled": False},
        {"per_code_max": "off"},
        {"day_budget": "off", "month_budget": "off"},
        {"customer_max": 0},
        {"value": 0},
    ],
    ids=lambda missing: next(iter(missing)),
)
def test_nothing_is_given_until_limits_are_set(make_house: MakeHouse, missing: dict[str, Any]) -> None:
    house = make_house(**QUIET, compensation=wide(**missing))
    order = arrived(house, 1)
    complain(house, order)
    house.run()
    assert (case(house, order).fix, case(house, order).extra) == ("resend", "")
    assert house.codes() == []
    assert "decision" in house.kinds()


def test_limits_that_the_owner_sets_by_command_hold_from_the_next_complaint_on(make_house: MakeHouse) -> None:
    house = make_house(**QUIET, compensation=wide(enabled=False))
    complain(house, arrived(house, 1))
    (house.folder / "on.toml").write_text("[compensation]\nenabled = true\nday_budget = 11\n")
    command(house, "policy", "set", "Mia Moda", "--file", str(house.folder / "on.toml"), **QUIET,
            compensation=wide(enabled=False))  # fmt: skip
    for number in (2, 3):
        complain(house, arrived(house, number))
    assert [(row.policy_version, row.extra) for row in house.rows(ComplaintRow)] == [(0, ""), (1, "fixed"), (1, "")]


def test_a_dry_run_gives_nothing_and_says_what_it_would_have_given(make_house: MakeHouse) -> None:
    house = make_house(**QUIET, compensation=wide(enabled=False, dry_run=True))
    order = arrived(house, 1)
    complain(house, order)
    house.run()
    assert house.codes() == house.rows(CodeRow) == []
    told = [line for line in house.rows(HistoryRow) if line.to_state == "would_have_given"]
    assert [(line.subject, line.reason.split()[0]) for line in told] == [(case(house, order).id, "fixed")]
    assert case(house, order).fix == "resend"


# -- erased, unbindable, taken back --------------------------------------------------------------------


def erase(house: House, order: Order) -> None:
    """The store tells that the shopper of an order was erased."""
    with house.services.db.writing() as session:
        event = PersonErased(order.ref)
        intake.handle(session, house.services, house.shop(session), event, house.clock.now)


def test_who_was_erased_before_the_code_was_made_gets_none(quiet: House) -> None:
    order = arrived(quiet, 1)
    complain(quiet, order)
    erase(quiet, order)
    quiet.run()
    assert quiet.codes() == []
    assert [code.state for code in quiet.rows(CodeRow)] == ["revoked"]
    assert quiet.kinds() == []
    assert {task.state for task in quiet.rows(Task) if task.due_at <= quiet.clock.now} <= {"done", "dead"}


def test_an_erasure_takes_back_the_code_that_names_her_and_keeps_the_amount(quiet: House) -> None:
    order = arrived(quiet, 1)
    complain(quiet, order)
    quiet.run()
    erase(quiet, order)
    quiet.run()
    assert quiet.codes() == []
    [code] = quiet.rows(CodeRow)
    assert (code.state, code.at_risk_minor) == ("revoked", EACH)


def test_an_address_that_the_store_cannot_bind_gets_no_code_and_a_person(quiet: House) -> None:
    order = arrived(quiet, "æøå@b.dk")
    complain(quiet, order)
    quiet.run()
    assert quiet.codes() == []
    found = case(quiet, order)
    assert (found.state, found.reasons, found.extra) == ("in_progress", "discount_not_bound", "")
    assert "owner_case" in quiet.kinds()
    assert "discount_code" not in quiet.kinds()


def test_a_revoked_code_is_gone_from_the_store_and_its_budget_is_free(make_house: MakeHouse) -> None:
    limits = wide(day_budget=11)
    house = make_house(**QUIET, compensation=limits)
    first, second, third = (arrived(house, number) for number in range(3))
    complain(house, first)
    house.run()
    number = case(house, first).number
    printed = command(house, "complaints", "revoke", number, **QUIET, compensation=limits)
    assert house.codes()[0].code in printed
    complain(house, second)
    assert case(house, second).extra == ""  # not before the store has let it go
    house.run()
    assert house.codes() == []
    complain(house, third)
    assert case(house, third).extra == "fixed"
    assert [code.state for code in house.rows(CodeRow)] == ["revoked", "reserved"]


def test_a_code_revoked_before_its_mail_left_is_not_mailed(make_house: MakeHouse) -> None:
    house = make_house(**QUIET, compensation=wide())
    order = arrived(house, 1)
    complain(house, order)
    act(house, "CreateDiscount")
    command(house, "complaints", "revoke", case(house, order).number, **QUIET, compensation=wide())
    act(house, "RevokeDiscount")
    house.run()
    assert "discount_code" not in house.kinds()
    assert house.codes() == []
    assert "decision" in house.kinds()  # she still hears how it is put right
    [mail] = [mail for mail in house.rows(MailRow) if mail.kind == "discount_code"]
    assert (mail.state, mail.reason) == ("skipped", "code_revoked")


def test_a_code_that_the_store_would_not_let_go_can_be_revoked_again(quiet: House) -> None:
    order = arrived(quiet, 1)
    complain(quiet, order)
    quiet.run()
    revoke = ("complaints", "revoke", case(quiet, order).number)
    with Faults(store_of(quiet).url) as between:
        with quiet.services.db.writing() as session:
            quiet.shop(session).address = between.url
        for between.now, left in (("404", 1), ("401", 1), ("", 0)):
            command(quiet, *revoke, **QUIET, compensation=wide())
            quiet.run()
            quiet.clock.advance(hours=1)
            quiet.run()
            assert len(quiet.codes()) == left, between.now
