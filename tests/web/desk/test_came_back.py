"""The desk shows which mails came back, and why nothing more is sent to an address."""

from __future__ import annotations

import pytest

from emails.bounces import Heard
from integration.db.tables import MailRow
from integration.flows import bounces
from tests.flows.house import House
from tests.web.desk.conftest import Desk


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        ("failed", "5.1.1", "volvió: la dirección no existe"),
        ("failed", "5.2.2", "volvió: el buzón no lo aceptó esta vez"),
        ("complaint", "", "marcado como spam"),
    ],
)
def test_a_mail_that_came_back_says_so(house: House, desk: Desk, action: str, status: str, words: str) -> None:
    house.deliver()
    label = next(row for row in house.rows(MailRow) if row.kind == "label")
    assert words not in desk.get("/admin/mails").text
    bounces.take(house.services, Heard(action=action, status=status, mail_id=label.id))
    assert words in desk.get("/admin/mails").text
    assert words in desk.get(f"/admin/mails/{label.id}").text


def test_a_mail_that_an_address_could_not_get_says_why(house: House, desk: Desk) -> None:
    house.deliver()
    label = next(row for row in house.rows(MailRow) if row.kind == "label")
    bounces.take(house.services, Heard(action="failed", status="5.1.1", mail_id=label.id))
    house.complain("damaged")
    house.run()
    assert "la dirección rebota" in desk.get("/admin/mails").text
