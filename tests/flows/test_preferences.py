"""No more surveys, by the mail program's button or the page, and surveys again; labels and answers go on (A10-A13)."""

from __future__ import annotations

from datetime import timedelta

from integration import __version__
from integration.db.tables import HistoryRow, MailRow, OrderRow, Suppression
from integration.flows import dispatch, linking
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
    assert (row.created_at, row.text_version) == (house.clock.now, __version__)
    assert "sam" not in row.address_digest
    house.deliver(email="sam@example.com")
    later(house)
    assert len(house.mails("label")) == 2
    assert len(house.mails("survey")) == 1
    assert house.mails("survey_reminder") == []
    assert [note.to_state for note in house.rows(HistoryRow) if note.to_state.startswith("surveys_")] == ["surveys_off"]


def test_a_survey_that_is_on_its_way_out_is_stopped_by_an_opt_out(house: House) -> None:
    house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    for streams in (("store",), ("",), ("",)):  # all but the mails; on Shopify the order is read first
        dispatch.run_due(house.services, "test:1", streams=streams)
    assert {mail.kind: mail.state for mail in house.rows(MailRow)} == {"label": "queued", "survey": "queued"}
    [order] = house.rows(OrderRow)
    with house.services.db.writing() as session:
        path = linking.order_links(session, house.services, house.shop_id, order.id, house.clock.now)["u"]
    assert house.client.post(path.removeprefix("https://mia.example"), data=ONE_CLICK).status_code == 200
    house.run()
    assert house.kinds() == ["label"]
    [survey] = [mail for mail in house.rows(MailRow) if mail.kind == "survey"]
    assert (survey.state, survey.reason) == ("skipped", "suppressed")


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
