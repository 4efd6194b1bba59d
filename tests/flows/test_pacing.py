"""Too many mails at a time wait their turn: none is lost, none tried in vain, and people's answers pass them (A9)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from integration.db.mail_tables import Pace
from integration.db.tables import MailRow, Task
from integration.flows import dispatch
from integration.rules import sending
from integration.worker import ticks
from tests.emails.mail_server import MailDesk
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.mail_ways import kinds, smtp_house


def waiting(house: House) -> Counter[str]:
    return Counter(task.reason for task in house.rows(Task) if task.state == "ready" and task.kind == "SendMail")


def deliver(house: House, mails: int, **buyer: str) -> None:
    for _ in range(mails):
        house.post(*house.side.arrive(house.side.sell(**buyer)))
    house.run()


def test_what_is_over_the_cap_leaves_on_the_next_days_at_the_same_hour(make_house: MakeHouse) -> None:
    desk = MailDesk()
    with smtp_house(make_house(survey_delay="90d"), desk, daily_cap=3, warm_up=False) as house:
        deliver(house, 7)
        assert kinds(desk) == ["label"] * 3
        assert waiting(house) == {"mail_day_full": 4}
        assert {task.attempts for task in house.rows(Task)} == {0}
        due = {task.due_at - house.clock.now for task in house.rows(Task) if task.reason == "mail_day_full"}
        assert due == {timedelta(days=1), timedelta(days=2)}
        house.clock.advance(hours=23)
        house.run()
        assert len(desk.mails) == 3
        house.clock.advance(hours=1)
        house.run()
        assert len(desk.mails) == 6
        house.clock.advance(days=1)
        house.run()
        assert len(desk.mails) == 7
        assert {mail.state for mail in house.rows(MailRow)} == {"sent"}


def test_a_new_day_s_mails_take_the_room_that_is_left(make_house: MakeHouse) -> None:
    desk = MailDesk()
    with smtp_house(make_house(survey_delay="90d"), desk, daily_cap=3, warm_up=False) as house:
        deliver(house, 5)
        house.clock.advance(days=1)
        deliver(house, 2)
        assert len(desk.mails) == 3 + 3
        assert waiting(house) == {"mail_day_full": 1}


def test_a_new_sender_warms_up(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_FIRST_DAY", 2)
    desk = MailDesk()
    with smtp_house(make_house(survey_delay="90d"), desk, warm_up=True) as house:
        deliver(house, 8)
        left = [len(desk.mails)]
        for _ in range(2):
            house.clock.advance(days=1)
            house.run()
            left.append(len(desk.mails))
        assert left == [2, 6, 8]


def test_an_answer_to_a_person_never_waits_and_counts(make_house: MakeHouse) -> None:
    desk = MailDesk()
    with smtp_house(make_house(survey_delay="90d"), desk, daily_cap=1, warm_up=False) as house:
        deliver(house, 2)
        link = next(part for part in text(desk, 0).split() if "/c/" in part)
        house.client.post(link.removeprefix("https://mia.example"), data={"cause": "damaged", "text": "", "wish": ""})
        house.run()
        assert sorted(kinds(desk)) == ["complaint_ack", "discount_code", "label", "owner_fix"]
        days = {row.name: row.n for row in house.rows(Pace) if row.name.startswith("day:")}
        assert days == {"day:2026-11-21": 3, "day:2026-11-22": 1}  # the owner's own mail is not counted


def text(desk: MailDesk, number: int) -> str:
    body = message_from_bytes(desk.mails[number].content, policy=default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_one_domain_gets_a_burst_and_then_waits_while_another_does_not(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BURST", 2)
    desk = MailDesk()
    with smtp_house(make_house(survey_delay="90d"), desk) as house:
        deliver(house, 4)
        deliver(house, 1, email="lucia@elsewhere.example")
        assert len(desk.mails) == 3
        assert waiting(house) == {"mail_domain_slow": 2}
        due = sorted(task.due_at - house.clock.now for task in house.rows(Task) if task.reason == "mail_domain_slow")
        assert due == [sending.EVERY, 2 * sending.EVERY]
        house.clock.advance(seconds=1)
        house.run()
        assert len(desk.mails) == 5


def test_a_mail_that_is_tried_again_pays_once(make_house: MakeHouse) -> None:
    desk = MailDesk(DOT="450 4.2.0 later")
    with smtp_house(make_house(survey_delay="90d"), desk, daily_cap=5, warm_up=False) as house:
        deliver(house, 1)
        house.clock.advance(minutes=2)
        house.run()
        desk.faults.clear()
        house.clock.advance(minutes=10)
        house.run()
        assert len(desk.mails) == 1
        assert [row.n for row in house.rows(Pace) if row.name.startswith("day:")] == [1]


def test_counts_of_long_ago_are_forgotten_but_not_since_when_there_are_mails(make_house: MakeHouse) -> None:
    with smtp_house(make_house(survey_delay="90d"), MailDesk()) as house:
        deliver(house, 1)
        house.clock.advance(days=61)
        ticks.tidy(house.services)
        assert [row.name for row in house.rows(Pace)] == ["first"]


def test_files_in_a_folder_wait_for_nothing(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="90d")
    deliver(house, 3)
    assert (len(house.kinds()), house.rows(Pace)) == (3, [])


def test_a_mail_that_waits_does_not_end_the_round(make_house: MakeHouse) -> None:
    desk = MailDesk()
    with smtp_house(make_house(survey_delay="90d"), desk, daily_cap=1, warm_up=False) as house:
        for _ in range(3):
            house.post(*house.side.arrive(house.side.sell()))
        house.drain()
        while dispatch.run_due(house.services, "test:1", limit=1):
            pass
        assert len(desk.mails) == 1
        assert waiting(house) == {"mail_day_full": 2}
