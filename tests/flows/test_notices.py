"""What the owner is told of when the outside refuses: what happened, and what it said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

from emails.transports import Transport
from integration.domain.errors import Refused
from integration.worker import ticks
from tests.flows.conftest import MakeHouse


class Closed(Transport):
    """A mail server that talks to nobody."""

    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:
        raise Refused("mail_server_refused", reply="554 not today")

    def close(self) -> None:
        """Nothing is open."""


def test_a_server_that_refuses_us_is_told_with_its_own_words(make_house: MakeHouse) -> None:
    house = make_house()
    house.post(*house.side.arrive(house.side.sell()))
    ticks.until_idle(replace(house.services, transport=Closed()), "test:1")
    house.clock.advance(minutes=16)
    house.run()
    notices = house.mails("owner_notice")
    assert len(notices) == 1
    assert "554 not today" in notices[0].text
    assert len(house.mails("label")) == 1
