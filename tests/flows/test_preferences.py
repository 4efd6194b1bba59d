"""No more surveys, by the mail program's button or the page, and surveys again; labels and answers go on (A10-A13)."""

from __future__ import annotations

from datetime import timedelta

from integration.db.tables import HistoryRow, Suppression
from tests.flows.house import House

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def later(house: House) -> None:
    """All that is planned for these weeks happens."""
    for _ in range(20):
        house.clock.advance(days=1)
        house.run()


def test_a_mail_program_s_button_ends_surveys_once_and_for_all(house: House) -> None:
    house.deliver()
    path = house.link("survey", "u")
    for _ in range(2):
        assert house.client.post(path, data=ONE_CLICK).status_code == 200
    [row] = house.rows(Suppression)
    assert (row.scope, row.reason, row.source) == ("survey", "opted_out", "header")
    assert "sam" not in row.address_digest
    house.deliver(email="sam@example.com")
    later(house)
    assert len(house.mails("label")) == 2
    assert len(house.mails("survey")) == 1
    assert house.mails("survey_reminder") == []
    assert [note.to_state for note in house.rows(HistoryRow) if note.to_state.startswith("surveys_")] == ["surveys_off"]


def test_who_wants_surveys_again_gets_them_again(house: House) -> None:
    house.deliver()
    path = house.link("survey", "u")
    for action in ("unsubscribe", "subscribe", "subscribe"):
        assert house.client.post(path, data={"action": action}).status_code == 200
    assert house.rows(Suppression) == []
    later(house)
    assert len(house.mails("survey_reminder")) == 1
    noted = [note.to_state for note in house.rows(HistoryRow) if note.to_state.startswith("surveys_")]
    assert noted == ["surveys_off", "surveys_on"]


def test_an_answer_to_a_complaint_still_arrives(house: House) -> None:
    house.deliver()
    house.client.post(house.link("survey", "u"), data=ONE_CLICK)
    house.complain("damaged", "La caja llegó rota")
    house.clock.now += timedelta(minutes=1)
    house.run()
    assert "complaint_ack" in house.kinds()
