"""A server that refuses our sender stops the stream, never the shopper (A7)."""

from __future__ import annotations

import pytest

from integration.db.tables import MailRow, Pause, Suppression, Task
from integration.flows import doctor
from tests.emails.api_server import ApiDesk, refusal
from tests.emails.mail_server import MailDesk
from tests.flows.conftest import MakeHouse
from tests.flows.mail_ways import api_house, kinds, smtp_house

FAULTS = ["550 5.7.1 rejected by policy", "550 5.7.515 Access denied", "554 5.7.9 Message not accepted"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refused_sender_stops_all_mail_and_loses_none(make_house: MakeHouse, fault: str) -> None:
    desk = MailDesk(DOT=fault)
    with smtp_house(make_house(survey_delay="1d"), desk) as house:
        house.deliver()
        house.deliver()
        assert desk.mails == []
        [pause] = house.rows(Pause)
        assert (pause.stream, pause.reason) == ("mail", "mail_sender_refused")
        told = {finding.check: finding for finding in doctor.examine(house.services)}
        assert told["paused"].params == {"stream": "mail", "why": "mail_sender_refused"}
        assert house.rows(Suppression) == []
        waiting = [task for task in house.rows(Task) if task.kind == "SendMail"]
        assert {(task.state, task.attempts) for task in waiting} == {("ready", 0)}
        assert len(waiting) == 3  # two labels, and the notice for the owner
        desk.faults.clear()
        house.clock.advance(minutes=16)
        house.run()
        assert sorted(kinds(desk)) == ["label", "label", "owner_notice"]
        assert house.rows(Pause) == []
        assert {mail.state for mail in house.rows(MailRow)} == {"sent"}


def test_it_is_tried_every_quarter_of_an_hour_by_one_mail_and_told_once(make_house: MakeHouse) -> None:
    desk = MailDesk(MAIL="550 5.7.1 sender not allowed")
    with smtp_house(make_house(survey_delay="1d"), desk) as house:
        house.deliver()
        house.deliver()
        for _ in range(3):
            before = desk.played
            house.clock.advance(minutes=16)
            house.run()
            assert desk.played - before == 1
        desk.faults.clear()
        house.clock.advance(minutes=16)
        house.run()
        assert kinds(desk).count("owner_notice") == 1


def test_the_mail_api_s_word_about_our_sender_stops_the_stream_as_well(make_house: MakeHouse) -> None:
    desk = ApiDesk(refusal(422, 400, "Sender signature not found"))
    desk.streams.add("outbound")
    with api_house(make_house(survey_delay="1d"), desk) as house:
        house.deliver()
        assert [pause.reason for pause in house.rows(Pause)] == ["mail_sender_refused"]
        assert house.rows(Suppression) == []
