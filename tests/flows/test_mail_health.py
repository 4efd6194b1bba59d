"""Doctor counts what came back and what waits, and says when it is too much (A35)."""

from __future__ import annotations

from emails.bounces import Heard
from integration.db.tables import MailRow
from integration.flows import bounces, mail_health
from tests.emails.mail_server import MailDesk
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.mail_ways import smtp_house

KEPT = {"mails_leave": (False, {})}  # the houses write their mails into a folder


def told(house: House) -> dict[str, tuple[bool, dict[str, object]]]:
    return {one.check: (one.ok, dict(one.params)) for one in mail_health.examine(house.services)}


def hear(house: House, action: str, status: str) -> None:
    for number, mail in enumerate(mail for mail in house.rows(MailRow) if mail.kind == "label"):
        bounces.take(house.services, Heard(action=action, status=status, mail_id=mail.id, key=f"{status}{number}"))


def test_a_shop_without_mails_has_nothing_to_tell(make_house: MakeHouse) -> None:
    assert told(make_house()) == KEPT


def test_mails_that_are_only_written_into_files_are_told(make_house: MakeHouse) -> None:
    with smtp_house(make_house(survey_delay="90d"), MailDesk()) as house:
        assert told(house)["mails_leave"] == (True, {})
    assert told(make_house())["mails_leave"] == (False, {})


def test_what_came_back_is_counted_for_seven_days(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="90d")
    house.deliver()
    hear(house, "failed", "5.2.2")
    hear(house, "failed", "5.1.1")
    shop = {"shop": "Mia Moda", "sent": 1}
    assert told(house)["mail_bounces"] == (True, {**shop, "hard": 1, "soft": 1})
    assert told(house)["mail_complaints"] == (True, {**shop, "spam": 0})
    house.clock.advance(days=8)
    assert told(house) == KEPT


def test_too_many_dead_addresses_and_complaints_are_bad(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="90d")
    for number in range(5):
        house.deliver(email=f"sam{number}@example.com")
    hear(house, "failed", "5.1.1")
    hear(house, "complaint", "")
    assert [told(house)[check][0] for check in ("mail_bounces", "mail_complaints")] == [False, False]


def test_what_waits_for_its_day_is_told(make_house: MakeHouse) -> None:
    with smtp_house(make_house(survey_delay="90d"), MailDesk(), daily_cap=1) as house:
        for _ in range(3):
            house.post(*house.side.arrive(house.side.sell()))
        house.run()
        assert told(house)["mails_waiting"] == (True, {"shop": "Mia Moda", "n": 2, "last": "2026-11-23"})
        for _ in range(2):
            house.post(*house.side.arrive(house.side.sell()))
        house.run()
        assert told(house)["mails_waiting"] == (False, {"shop": "Mia Moda", "n": 4, "last": "2026-11-25"})
