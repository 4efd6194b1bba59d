"""An answer that is edited: danger never waits, whatever had been said before (B5, C4)."""

from __future__ import annotations

import pytest

from integration.db.tables import CodeRow, ComplaintRow
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    made = make_house("woocommerce")
    made.deliver()
    return made


def cases(house: House) -> list[tuple[str, str, str]]:
    return [(case.cause, case.severity, case.state) for case in house.rows(ComplaintRow)]


@pytest.mark.parametrize(("cause", "text"), [("danger", ""), ("damaged", "Salió humo y me quemé")])
def test_an_edit_that_names_a_danger_makes_the_open_case_urgent(house: House, cause: str, text: str) -> None:
    house.answer(2, "damaged", "La taza llegó rota")
    house.run()
    before = len(house.mails("owner_case"))
    house.clock.advance(minutes=5)
    house.answer(1, cause, text)
    house.run()
    assert [(of, how) for of, how, _ in cases(house)] == [("damaged", "urgent")]
    assert len(house.mails("owner_case")) == before + 1
    assert "danger" in house.rows(ComplaintRow)[0].reasons.split()
    assert text in house.rows(ComplaintRow)[0].text
    house.answer(1, cause, text)
    house.run()
    assert len(house.mails("owner_case")) == before + 1
    assert len(house.rows(CodeRow)) == 1


def test_an_edit_that_names_a_danger_after_the_close_is_a_new_case(house: House) -> None:
    house.answer(2, "other", "No me gusta")
    house.run()
    [case] = house.rows(ComplaintRow)
    form = {"action": "close", "expected_state": case.state}
    assert house.client.post(house.link("owner_case", "admin/case"), data=form).status_code == 200
    house.answer(2, "other", "No me gusta nada")
    assert len(cases(house)) == 1
    house.answer(1, "other", "Me dio un calambre")
    house.run()
    assert cases(house) == [("other", "normal", "closed"), ("danger", "urgent", "in_progress")]
    assert len(house.mails("owner_case")) == 2


def test_a_complaint_sent_again_with_a_danger_is_urgent_too(house: House) -> None:
    house.complain("damaged", "La taza llegó rota")
    house.run()
    house.complain("damaged", "Me corté la mano")
    house.run()
    assert [(of, how) for of, how, _ in cases(house)] == [("damaged", "urgent")]
    assert len(house.mails("owner_case")) == 1
