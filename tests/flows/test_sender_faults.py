"""A server that refuses our sender stops the stream, never the shopper (A7)."""

from __future__ import annotations

from collections import Counter

import pytest

from emails.bounces import Heard
from integration.db.tables import MailRow, Pause, Suppression, Task
from integration.flows import bounces, doctor
from tests.emails.api_server import ApiDesk, refusal
from tests.emails.mail_server import MailDesk
from tests.flows.conftest import MakeHouse
from tests.flows.mail_ways import api_house, kinds, smtp_house
from tests.flows.test_bounces import came_back, held, sent

EVES_WORDS = "550 5.7.26 Unblock at https://eve.example/x, www.eve.example or eve.example/y, call eve@eve.example"
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


def test_a_mail_that_came_back_for_our_fault_leaves_again_when_that_is_mended(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    for number in range(3):
        house.deliver(email=f"buyer{number}@example.com")
    labels = [mail for mail in house.rows(MailRow) if mail.kind == "label"]
    assert [came_back(house, "postfix__gmail_unauthenticated", mail) for mail in labels] == ["sender"] * 3
    assert held(house) == set()
    [pause] = house.rows(Pause)
    assert (pause.stream, pause.reason) == ("mail", "mail_sender_refused")
    assert (sent(house).state, sent(house).reason) == ("queued", "mail_sender_refused")
    house.run()
    assert house.kinds() == ["label"] * 3
    house.clock.advance(minutes=16)
    house.run()
    assert sorted(house.kinds()) == ["label"] * 4 + ["owner_notice"]
    assert "sam@" not in house.mails("owner_notice")[0].text
    assert "5.7.26" in house.mails("owner_notice")[0].text
    assert house.rows(Pause) == []
    house.clock.advance(hours=6)
    house.run()
    again = Counter(str(message.message["Message-ID"]) for message in house.mails("label"))
    assert again == {mail.message_id: 2 for mail in labels}


def test_one_person_s_bounces_stop_nothing_and_put_no_words_into_a_mail_of_ours(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    for cause in ("damaged", "late", "other"):
        house.complain(cause)
    house.run()
    to_eve = [mail for mail in house.rows(MailRow) if not mail.kind.startswith("owner") and mail.state == "sent"]
    assert len(to_eve) > 3
    for mail in to_eve:
        bounces.take(house.services, Heard(action="failed", status="5.7.26", mail_id=mail.id, reply=EVES_WORDS))
    assert house.rows(Pause) == []
    house.deliver(email="ana@ana.example")
    assert house.kinds()[-1] == "label"
    [notice] = house.mails("owner_notice")
    assert "5.7.26" in notice.text
    assert "eve" not in notice.text


def test_reports_never_prolong_a_stop(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    for number in range(4):
        house.deliver(email=f"buyer{number}@example.com")
    *three, last = [mail for mail in house.rows(MailRow) if mail.kind == "label"]
    for mail in three:
        came_back(house, "postfix__gmail_unauthenticated", mail)
    [pause] = house.rows(Pause)
    house.clock.advance(minutes=14)
    came_back(house, "postfix__gmail_unauthenticated", last)
    assert house.rows(Pause)[0].until == pause.until
    house.clock.advance(minutes=2)
    house.run()
    assert house.rows(Pause) == []


def test_a_provider_who_proves_who_he_is_stops_the_stream_alone(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    told = Heard(action="failed", status="5.7.26", mail_id=sent(house).id, source="postmark", key="one")
    assert bounces.take(house.services, told) == "sender"
    assert [pause.stream for pause in house.rows(Pause)] == ["mail"]


def test_it_leaves_at_most_three_times(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    for _ in range(5):
        came_back(house, "postfix__gmail_unauthenticated", sent(house))
        house.clock.advance(hours=6)
        house.run()
    assert len(house.mails("label")) == 3
