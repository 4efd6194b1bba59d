"""`complaints`: listed, read, added for somebody on the phone, decided, taken back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.db.tables import ComplaintRow, OrderRow
from tests.cli.conftest import Postventa
from tests.flows.house import House


@pytest.fixture
def order(house: House) -> str:
    """The number of Sam's order, which has arrived."""
    house.deliver()
    [row] = house.rows(OrderRow)
    return row.number


def number(house: House) -> str:
    """The number of the newest case."""
    return house.rows(ComplaintRow)[-1].number


def shown(postventa: Postventa, case: str) -> dict[str, Any]:
    """What `complaints show --json` says."""
    facts: dict[str, Any] = json.loads(postventa("complaints", "show", case, "--json").out)
    return facts


def test_a_complaint_by_phone_is_decided_and_answered_like_any_other(
    postventa: Postventa, house: House, order: str
) -> None:
    words = ("--cause", "damaged", "--text", "Llamó: llegó rota", "--wish", "resend")
    ended = postventa("complaints", "add", "Mia Moda", order, *words)
    assert ended.code == 0
    assert number(house) in ended.out
    house.run()
    assert {"complaint_ack", "owner_fix", "discount_code"} <= set(house.kinds())
    facts = shown(postventa, number(house))
    assert (facts["cause"], facts["fix"], facts["extra"], facts["code_state"]) == (
        "damaged", "resend", "fixed", "mailed",
    )  # fmt: skip
    assert facts["text"] == "Llamó: llegó rota"
    assert facts["steps"][0]["code"] == "received"


def test_they_are_listed_newest_first_and_by_state(postventa: Postventa, house: House, order: str) -> None:
    for cause in ("damaged", "service"):
        postventa("complaints", "add", "Mia Moda", order, "--cause", cause)
    listed = json.loads(postventa("complaints", "list", "--json").out)
    assert [case["cause"] for case in listed] == ["service", "damaged"]
    [waiting] = json.loads(postventa("complaints", "list", "--state", "in_progress", "--json").out)
    assert waiting["cause"] == "service"
    assert postventa("complaints", "list", "--state", "closed", "--json").out.strip() == "[]"
    table = postventa("complaints", "list", "--shop", "Mia Moda").out
    assert all(case["number"] in table for case in listed)
    assert postventa("complaints", "list", "--shop", "Eve").code == 1


def test_a_case_is_shown_with_why_a_person_decides(postventa: Postventa, house: House, order: str) -> None:
    postventa("complaints", "add", "Mia Moda", order, "--cause", "service")
    assert shown(postventa, number(house).lower())["reasons"] == ["fix_by_person"]
    assert number(house) in postventa("complaints", "show", number(house)).out


def test_a_case_is_decided_once(postventa: Postventa, house: House, order: str) -> None:
    postventa("complaints", "add", "Mia Moda", order, "--cause", "service")
    grant = ("complaints", "decide", number(house), "--action", "grant", "--fix", "refund", "--extra")
    assert postventa(*grant).code == 0
    ended = postventa(*grant)
    assert (ended.code, ended.out) == (1, "")
    house.run()
    assert len(house.codes()) == 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("show", "C-NOBODY"), "C-NOBODY"),
        (("decide", "C-NOBODY", "--action", "close"), "C-NOBODY"),
        (("revoke", "C-NOBODY"), "C-NOBODY"),
        (("add", "Mia Moda", "999999", "--cause", "late"), "999999"),
        (("add", "Eve", "1", "--cause", "late"), "Eve"),
    ],
)
def test_what_is_not_there_is_named(postventa: Postventa, house: House, words: tuple[str, ...], named: str) -> None:
    ended = postventa("complaints", *words)
    assert (ended.code, ended.out) == (1, "")
    assert named in ended.err


def test_a_code_is_revoked_once(postventa: Postventa, house: House, order: str) -> None:
    postventa("complaints", "add", "Mia Moda", order, "--cause", "damaged")
    house.run()
    case = number(house)
    assert postventa("complaints", "revoke", case).code == 0
    house.run()
    assert house.codes() == []
    assert shown(postventa, case)["code_state"] == "revoked"
    ended = postventa("complaints", "revoke", case)
    assert (ended.code, ended.out) == (1, "")
