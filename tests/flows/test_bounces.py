"""A bounce ends what cannot arrive, a complaint what is not wanted, and neither more than that (A32-A35)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emails.bounces import Heard
from integration.db.mail_tables import MailEvent
from integration.db.tables import FollowUpRow, HistoryRow, MailRow, Suppression, Task
from integration.flows import bounces, mail_events, privacy
from tests.emails.api_server import ApiDesk, Fault
from tests.emails.mail_server import MailDesk
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.mail_ways import api_house, smtp_house

DSN = Path(__file__).parents[1] / "fixtures" / "dsn"
FIXTURE_ID = b"mail_01kaq3m9v2x4c6t8w0y1z3b5d7"


def came_back(house: House, fixture: str, mail: MailRow) -> str:
    """A bounce of this mail arrives; by which name it is found depends on the fixture."""
    raw = (DSN / f"{fixture}.eml").read_bytes().replace(FIXTURE_ID, mail.id.encode())
    return bounces.take_mail(
        house.services, raw.replace(f"<{mail.id}@shop.example>".encode(), mail.message_id.encode())
    )


def sent(house: House, kind: str = "label") -> MailRow:
    return [mail for mail in house.rows(MailRow) if mail.kind == kind][-1]


def held(house: House) -> set[tuple[str, str]]:
    return {(row.scope, row.reason) for row in house.rows(Suppression)}


def skipped(house: House) -> dict[str, str]:
    return {mail.kind: mail.reason for mail in house.rows(MailRow) if mail.state == "skipped"}


@pytest.mark.parametrize("fixture", ["postfix__no_such_user", "postfix__without_verp", "qmail__no_such_user"])
def test_an_address_that_is_none_gets_nothing_more_not_even_answers(make_house: MakeHouse, fixture: str) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    assert came_back(house, fixture, sent(house)) == "hard"
    assert held(house) == {("all", "hard_bounce")}
    assert sent(house).reason == "hard_bounce"
    house.complain("damaged")
    house.clock.advance(days=2)
    house.run()
    assert house.kinds() == ["label", "owner_fix"]
    assert skipped(house) == {"complaint_ack": "suppressed", "discount_code": "suppressed"}


def test_a_bounce_told_three_times_counts_once_and_holds_no_address(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    told = [came_back(house, "gmail__no_such_user", sent(house)) for _ in range(3)]
    assert told == ["hard", "known", "known"]
    [event] = house.rows(MailEvent)
    assert (event.kind, event.code, event.source) == ("hard", "5.1.1", "dsn")
    everything = repr([*house.rows(MailEvent), *house.rows(Suppression), *house.rows(HistoryRow)])
    assert "sam@" not in everything


def complained_of(house: House, mails: list[MailRow]) -> None:
    for mail in mails:
        came_back(house, "yahoo__complaint", mail)


def test_surveys_stop_at_three_complaints_in_a_thousand_and_start_again(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d", max_age="off")
    for number in range(4):
        house.deliver(email=f"buyer{number}@example.com")
    labels = [mail for mail in house.rows(MailRow) if mail.kind == "label"]
    complained_of(house, labels[:1])
    house.clock.advance(days=1, hours=1)
    house.run()
    assert house.kinds().count("survey") == 3  # one complaint says nothing of a share
    house.deliver(email="ana@example.com")
    complained_of(house, labels[1:2])
    complained_of(house, labels[1:2])
    house.run()
    [notice] = house.mails("owner_notice")
    assert "3 de cada 1000" in notice.text
    house.clock.advance(days=1, hours=1)
    house.run()
    assert house.kinds().count("survey") == 3
    assert house.kinds().count("label") == 5
    [step] = [row for row in house.rows(FollowUpRow) if row.reason == "surveys_stand"]
    assert step.kind == "survey"
    house.clock.advance(days=8)
    house.deliver(email="leo@example.com")
    house.clock.advance(days=1, hours=1)
    house.run()
    assert house.kinds().count("survey") == 4


def test_a_spam_complaint_ends_surveys_and_no_answer(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    assert came_back(house, "yahoo__complaint", sent(house)) == "complaint"
    assert held(house) == {("survey", "spam_complaint"), ("marketing", "spam_complaint")}
    house.complain("damaged")
    house.clock.advance(days=2)
    house.run()
    assert "survey" not in house.kinds()
    assert "complaint_ack" in house.kinds()


def test_five_soft_bounces_in_thirty_days_give_the_address_thirty_days_of_rest(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="90d", label="auto")
    for number in range(5):
        house.deliver()
        assert len(house.mails("label")) == number + 1
        came_back(house, "postfix__mailbox_full", sent(house))
        house.clock.advance(days=2)
    assert held(house) == {("all", "soft_bounces")}
    house.deliver()
    assert len(house.mails("label")) == 5
    house.clock.advance(days=31)
    house.deliver()
    assert len(house.mails("label")) == 6


def test_soft_bounces_far_apart_end_nothing(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="90d")
    for _ in range(6):
        house.deliver()
        came_back(house, "exchange__mailbox_full", sent(house))
        house.clock.advance(days=8)
    assert held(house) == set()


def test_a_hard_bounce_outlasts_a_rest_and_a_rest_never_shortens_it(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="90d")
    for _ in range(5):
        house.deliver()
        came_back(house, "postfix__mailbox_full", sent(house))
    came_back(house, "postfix__no_such_user", sent(house))
    assert [(row.reason, row.until) for row in house.rows(Suppression)] == [("hard_bounce", None)]
    for _ in range(5):
        bounces.take(house.services, Heard(action="failed", mail_id=sent(house).id, key=str(_)))
    assert [(row.reason, row.until) for row in house.rows(Suppression)] == [("hard_bounce", None)]


def test_what_is_none_of_ours_moves_nothing(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    assert bounces.take_mail(house.services, (DSN / "postfix__no_such_user.eml").read_bytes()) == "unknown"
    assert came_back(house, "sam__answer", sent(house)) == "no_bounce"
    assert came_back(house, "postfix__delayed", sent(house)) == "delayed"
    forged = (DSN / "postfix__without_verp.eml").read_bytes().replace(FIXTURE_ID, sent(house).id.encode())
    assert bounces.take_mail(house.services, forged) == "unknown"  # our id under another domain
    assert (house.rows(MailEvent), house.rows(Suppression)) == ([], [])


def test_the_owner_goes_on_hearing_of_her_shop(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    house.complain("danger")
    house.run()
    assert came_back(house, "postfix__no_such_user", sent(house, "owner_case")) == "hard"
    assert held(house) == set()


def test_a_suppression_outlives_an_erasure(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    ref = house.deliver()
    came_back(house, "postfix__no_such_user", sent(house))
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), ref, house.clock())
    assert held(house) == {("all", "hard_bounce")}
    house.deliver()
    assert house.kinds() == ["label"]


def test_of_an_erased_order_only_a_provider_can_name_the_address(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    ref = house.deliver()
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), ref, house.clock())
    came_back(house, "postfix__no_such_user", sent(house))
    assert held(house) == set()
    told = Heard(
        action="failed", status="5.1.1", mail_id=sent(house).id, address="Sam@Example.com", source="postmark", key="7"
    )
    assert bounces.take(house.services, told) == "hard"
    [row] = house.rows(Suppression)
    assert row.address_digest == mail_events.address_digest(house.shop_id, "sam@example.com")


def test_a_mailbox_refused_at_the_door_counts_like_one_that_bounced(make_house: MakeHouse) -> None:
    desk = MailDesk(RCPT="550 5.1.1 no such user")
    with smtp_house(make_house(survey_delay="1d"), desk) as house:
        house.deliver()
        assert held(house) == {("all", "hard_bounce")}
        # the label's, and that of the owner's notice that a mail stopped: this server refuses everybody
        assert {(event.kind, event.source) for event in house.rows(MailEvent)} == {("hard", "smtp")}


def test_a_word_that_says_nothing_of_the_address_is_no_bounce(make_house: MakeHouse) -> None:
    desk = MailDesk(DOT="550 5.6.0 malformed")
    with smtp_house(make_house(survey_delay="1d"), desk) as house:
        house.deliver()
        assert (held(house), house.rows(MailEvent)) == (set(), [])


@pytest.mark.parametrize("kind", ["label", "survey"])
def test_a_provider_that_tells_of_a_mail_in_doubt_has_had_it(make_house: MakeHouse, kind: str) -> None:
    desk = ApiDesk()
    with api_house(make_house(), desk) as house:
        desk.fault = Fault(504, taken=True)
        house.deliver()
        doubted = sent(house, kind)
        assert doubted.state == ("queued" if kind == "label" else "ambiguous")
        copies = len(desk.mails)
        assert bounces.take(house.services, Heard(action="delivered", mail_id=doubted.id, source="postmark")) == "other"
        assert sent(house, kind).state == "sent"
        desk.fault = None
        house.clock.advance(minutes=30)
        house.run()
        again = [fields for fields in desk.fields[copies:] if fields["Metadata"]["mail_id"] == doubted.id]
        assert again == []
        tasks = [task for task in house.rows(Task) if task.subject == doubted.id]
        assert [task.state for task in tasks] == ["done"]


def test_the_owner_may_write_to_an_address_again_but_not_to_whoever_complained(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    came_back(house, "postfix__no_such_user", sent(house))
    came_back(house, "yahoo__complaint", sent(house))
    assert mail_events.allow(house.services, "SAM@example.com") == 1
    assert held(house) == {("survey", "spam_complaint"), ("marketing", "spam_complaint")}
    house.deliver()
    assert house.kinds() == ["label", "label"]
    assert came_back(house, "postfix__no_such_user", sent(house)) == "hard"


def test_what_is_kept_of_an_address_means_something_in_one_shop_only() -> None:
    mine, of_eve = (mail_events.address_digest(shop, "sam@example.com") for shop in ("shop_of_mia", "shop_of_eve"))
    assert mine != of_eve
    assert re.fullmatch(r"[0-9a-f]{64}", mine)
    assert mail_events.address_digest("shop_of_mia", "") == ""
