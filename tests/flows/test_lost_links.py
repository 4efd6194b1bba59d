"""Lost links, on either database: mailed once, to the order's own address, and nothing for a guess (D7)."""

from __future__ import annotations

import pytest

from integration.db.tables import MailRow, OrderRow, Task
from integration.domain.errors import TooMany
from integration.flows import lost_links
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


def ask(house: House, number: str, email: str, address: str = "192.0.2.1") -> None:
    lost_links.ask(house.services, house.shop_id, {"number": number, "email": email}, address)


def test_one_mail_for_whom_it_belongs_to_and_no_trace_of_a_guess(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    number, tasks = house.rows(OrderRow)[0].number, len(house.rows(Task))
    ask(house, number, "eve@example.com")
    ask(house, "999", "sam@example.com")
    assert [row for row in house.rows(MailRow) if row.kind == "links"] == []
    assert len(house.rows(Task)) == tasks
    ask(house, number, "Sam@Example.com")
    ask(house, f"# {number.removeprefix('#')}", "sam@example.com")
    house.clock.advance(minutes=1)
    house.run()
    [mail] = house.mails("links")
    assert "sam@example.com" in mail.message["To"]


def test_a_question_too_many_leaves_nothing_behind(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    for n in range(5):
        ask(house, str(n), "eve@example.com")
    with pytest.raises(TooMany) as caught:
        ask(house, house.rows(OrderRow)[0].number, "sam@example.com")
    assert caught.value.params == {"seconds": 900}
    assert [row for row in house.rows(MailRow) if row.kind == "links"] == []


def test_a_shop_in_preview_mails_nobody(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    with house.services.db.writing() as session:
        house.shop(session).state = "preview"
    ask(house, house.rows(OrderRow)[0].number, "sam@example.com")
    house.clock.advance(minutes=1)
    house.run()
    assert house.mails("links") == []
    assert [(row.state, row.reason) for row in house.rows(MailRow) if row.kind == "links"] == [("skipped", "preview")]
