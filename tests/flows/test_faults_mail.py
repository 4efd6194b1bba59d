"""E11 e: the mail server is away, greylists, hangs up or has no room; each mail leaves once, or says why it did not."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import select

from emails.transports import MailServer, transport
from integration.db.tables import MailRow, Pause, Shop, Task
from tests.conftest import NewDatabase, StandingClock
from tests.emails.mail_server import MailDesk
from tests.flows.house import House
from tests.flows.mail_ways import impatient, kinds, smtp_house
from tests.flows.owners_eyes import Eyes

ALL = Counter({"label": 1, "survey": 1})
BEFORE_THE_MAIL = [
    {"GREETING": "421 4.3.2 too busy"}, {"GREETING": "drop"}, {"EHLO": "drop"}, {"MAIL": "451 4.7.1 greylisted"},
    {"MAIL": "drop"}, {"RCPT": "450 4.2.0 greylisted"}, {"RCPT": "drop"}, {"RCPT": "hang"},
    {"DATA": "451 4.3.0 later"}, {"DATA": "drop"},
    {"DOT": "451 4.7.1 greylisted"}, {"DOT": "452 4.3.1 no room"}, {"DOT": "552 5.2.2 mailbox full"},
]  # fmt: skip
STOPPED = "se detu"
IN_DOUBT = [{"CONTENT": "drop"}, {"DOT": "drop"}, {"DOT": "hang"}]


@pytest.fixture
def desk() -> MailDesk:
    """The mail server; each test says what it does wrong."""
    return MailDesk()


@pytest.fixture
def shop(tmp_path: Path, clock: StandingClock, new_database: NewDatabase, desk: MailDesk) -> Iterator[House]:
    """Mia's shop, whose mails leave over that server."""
    made = House(tmp_path, clock, database=new_database(tmp_path))
    with smtp_house(made, desk) as house:
        yield house
    made.close()


def later(house: House, **wait: float) -> None:
    """Time passes, and what is due then is done."""
    house.clock.advance(**wait)
    house.run()


def copies(desk: MailDesk) -> Counter[str]:
    """How often each kind of mail came."""
    return Counter(kinds(desk))


def states(house: House) -> Counter[tuple[str, str]]:
    """What became of the mails, and why."""
    return Counter((mail.state, mail.reason) for mail in house.rows(MailRow))


def ids(desk: MailDesk, kind: str) -> set[str]:
    """The Message-IDs under which a kind of mail came."""
    mails = [message_from_bytes(mail.content, policy=default) for mail in desk.mails]
    return {str(mail["Message-ID"]) for mail in mails if str(mail["Feedback-ID"]).startswith(kind)}


def spoilt(house: House, desk: MailDesk, fault: dict[str, str]) -> None:
    """A delivery whose mails meet this fault; only who says nothing for ever is not waited for."""
    desk.faults.update(fault)  # type: ignore[arg-type]
    with impatient(house, 1) if "hang" in fault.values() else nullcontext():
        house.deliver()


@pytest.mark.parametrize("fault", BEFORE_THE_MAIL, ids=str)
def test_what_was_surely_not_taken_leaves_a_little_later_and_nobody_is_troubled(
    shop: House, desk: MailDesk, fault: dict[str, str]
) -> None:
    eyes = Eyes(shop)
    spoilt(shop, desk, fault)
    assert {mail.state for mail in shop.rows(MailRow)} == {"queued"}
    assert all(mail.reason.startswith("mail_") for mail in shop.rows(MailRow))
    assert STOPPED not in eyes.today()
    desk.faults.clear()
    desk.mails.clear()
    later(shop, minutes=16)
    assert copies(desk) == ALL
    assert states(shop) == {("sent", ""): 2}
    assert eyes.notices() == []
    later(shop, hours=1)
    assert copies(desk) == ALL


@pytest.mark.parametrize("fault", IN_DOUBT, ids=str)
def test_in_doubt_a_label_leaves_once_more_after_ten_minutes_and_a_survey_never(
    shop: House, desk: MailDesk, fault: dict[str, str]
) -> None:
    eyes = Eyes(shop)
    spoilt(shop, desk, fault)
    assert states(shop) == {("queued", "mail_no_verdict"): 1, ("ambiguous", "mail_no_verdict"): 1}
    assert "encuesta" in eyes.stopped().lower()
    came = copies(desk)["label"]
    desk.faults.clear()
    later(shop, minutes=9)
    assert copies(desk)["label"] == came
    later(shop, minutes=2)
    assert copies(desk)["label"] == came + 1
    assert len(ids(desk, "label")) == 1
    later(shop, days=3)
    assert copies(desk)["label"] <= 2
    assert copies(desk)["survey"] <= 1
    assert states(shop) == {("sent", ""): 1, ("ambiguous", "mail_no_verdict"): 1}


def test_a_server_that_thinks_about_a_mail_for_a_minute_gets_it_once(shop: House, desk: MailDesk) -> None:
    waits = MailServer(transport="smtp")
    assert (waits.timeout, waits.verdict_timeout) == (30, 300)  # seconds, for a word and for the verdict on a mail
    desk.faults["DOT"] = "think"
    slow = threading.Thread(target=shop.deliver)
    slow.start()
    assert desk.thinking.wait(60)
    shop.clock.advance(seconds=60)
    assert {mail.state for mail in shop.rows(MailRow) if mail.kind == "label"} <= {"sending", "sent"}
    assert [mail.copies for mail in shop.rows(MailRow) if mail.state == "sending"] == [1]
    desk.faults.clear()
    slow.join()
    assert copies(desk) == ALL
    assert states(shop) == {("sent", ""): 2}


def test_doubt_twice_is_shown_to_the_owner_who_alone_may_send_a_third_copy(shop: House, desk: MailDesk) -> None:
    eyes = Eyes(shop)
    desk.faults["DOT"] = "drop"
    shop.deliver()
    for _ in range(4):
        later(shop, hours=1)
    assert copies(desk)["label"] == 2
    assert states(shop) == {("ambiguous", "mail_no_verdict"): 2}
    assert "Puede que" in eyes.stopped()
    assert "ambiguous_tasks" in eyes.wrong()


def test_a_greylisted_label_keeps_its_second_copy_for_real_doubt(shop: House, desk: MailDesk) -> None:
    desk.faults["RCPT"] = "450 4.2.0 greylisted"
    shop.deliver()
    desk.faults.clear()
    desk.faults["CONTENT"] = "drop"
    later(shop, minutes=2)
    assert ("queued", "mail_no_verdict") in states(shop)
    desk.faults.clear()
    later(shop, minutes=13)
    assert copies(desk) == {"label": 1}
    assert states(shop) == {("sent", ""): 1, ("ambiguous", "mail_no_verdict"): 1}


def test_a_weekend_without_an_answer_costs_no_mail(shop: House, desk: MailDesk) -> None:
    desk.faults["GREETING"] = "drop"
    for number in range(3):
        shop.deliver(email=f"sam{number}@sam{number}.example")
    for _ in range(10):
        later(shop, hours=6)
    assert states(shop) == {("queued", "mail_dropped"): 6}
    desk.faults.clear()
    later(shop, hours=8)
    assert copies(desk) == Counter({"label": 3, "survey": 3})
    assert states(shop) == {("sent", ""): 6}


def test_after_three_days_they_are_dead_letters_and_the_owner_is_told(shop: House, desk: MailDesk) -> None:
    eyes = Eyes(shop)
    desk.faults["RCPT"] = "450 4.2.0 later"
    shop.deliver()
    for _ in range(16):
        later(shop, hours=6)
    assert [count for (state, _), count in states(shop).items() if state == "dead"] == [2]
    desk.faults.clear()
    later(shop, hours=8)
    assert "dead_tasks" in eyes.wrong()
    assert copies(desk)["owner_notice"] == 1
    assert STOPPED in eyes.today()


def test_a_closed_port_stops_the_stream_uses_up_no_try_and_the_desk_says_so(shop: House, desk: MailDesk) -> None:
    eyes = Eyes(shop)
    open_way = shop.services
    closed = transport(MailServer(transport="smtp", host="127.0.0.1", port=1), open_way.http.request)
    shop.services = replace(open_way, transport=closed)
    shop.deliver()
    for _ in range(5):
        later(shop, hours=12)
    [pause] = shop.rows(Pause)
    assert (pause.stream, pause.reason) == ("mail", "mail_server_unreachable")
    assert {task.attempts for task in shop.rows(Task) if task.kind == "SendMail"} == {0}
    assert "los correos están" in eyes.today()
    assert "paused" in eyes.wrong()
    shop.services = open_way
    later(shop, minutes=16)
    assert copies(desk) == Counter({"label": 1, "survey": 1, "owner_notice": 1})
    assert shop.rows(Pause) == []


@pytest.mark.parametrize("why", ["no mail server", "paused by its owner"])
def test_what_stood_still_for_three_days_and_is_greylisted_then_is_not_given_up(
    shop: House, desk: MailDesk, why: str
) -> None:
    desk.faults["RCPT"] = "450 4.2.0 greylisted"
    shop.deliver()
    open_way = shop.services
    if why == "no mail server":
        closed = transport(MailServer(transport="smtp", host="127.0.0.1", port=1), open_way.http.request)
        shop.services = replace(open_way, transport=closed)
    else:
        paused(shop, "paused")
    for _ in range(7):
        later(shop, hours=12)
    shop.services = open_way
    paused(shop, "live")
    later(shop, minutes=16)
    assert states(shop)["queued", "mail_deferred"] == 2
    desk.faults.clear()
    later(shop, hours=13)
    later(shop, hours=13)
    assert copies(desk)["label"] == copies(desk)["survey"] == 1


def paused(house: House, state: str) -> None:
    """The shop as its owner has it."""
    with house.services.db.writing() as session:
        session.exec(select(Shop)).one().state = state


def test_an_address_that_is_refused_for_good_is_a_dead_letter_with_words(shop: House, desk: MailDesk) -> None:
    eyes = Eyes(shop)
    desk.faults["RCPT"] = "550 5.1.1 no such user"
    shop.deliver()
    assert states(shop)["dead", "mail_recipient_refused"] >= 1
    assert STOPPED in eyes.today()
    assert "no entrega a esta dirección" in eyes.stopped()
    assert "Traceback" not in eyes.stopped()


def test_shoppers_notice_nothing_while_mail_is_down(shop: House, desk: MailDesk) -> None:
    shop.deliver()
    links = [
        mail.get_body(("plain",)) for mail in (message_from_bytes(one.content, policy=default) for one in desk.mails)
    ]
    paths = re.findall(
        r"https://mia\.example(/[cs]/[\w-]+)", "".join(str(text.get_content()) for text in links if text)
    )
    desk.mails.clear()
    desk.faults |= {"GREETING": "drop", "RSET": "drop"}
    for path in dict.fromkeys(paths):
        form = {"score": "1", "cause": "damaged", "text": "Llegó rota"}
        assert shop.client.post(path, data=form).status_code == 200
    shop.run()
    assert len(shop.codes()) == 1
    assert desk.mails == []
    desk.faults.clear()
    later(shop, minutes=2)
    later(shop, minutes=30)
    assert copies(desk) == {"complaint_ack": 1, "discount_code": 1, "owner_fix": 1}
