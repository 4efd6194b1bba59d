"""E4: a mail that may be out stays in doubt, whatever else goes wrong; what never began counts as no copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from emails.transports.base import Transport
from integration.db.session import Database
from integration.db.tables import MailRow
from integration.domain.errors import Temporary
from integration.flows.services import Services
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.test_killers import Killed


class Deadly(Transport):
    """Hands each mail to the real way out, and then raises what the test says."""

    def __init__(self, real: Transport, raises: Callable[[], BaseException]) -> None:
        self.real, self.raises = real, raises
        self.sent = Counter[str]()

    def send(self, message: Any, *, kind: str, **about: Any) -> None:
        self.sent[kind] += 1
        self.real.send(message, kind=kind, **about)
        raise self.raises()

    def probe(self) -> Any:
        return self.real.probe()

    def close(self) -> None:
        self.real.close()


@pytest.fixture
def told(make_house: MakeHouse) -> House:
    """A parcel that arrived, told and taken in; its mails are for now."""
    house = make_house()
    house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    return house


def mails(house: House) -> dict[str, tuple[str, int]]:
    return {mail.kind: (mail.state, mail.copies) for mail in house.rows(MailRow)}


def cut_off(house: House, raises: Callable[[], BaseException]) -> Deadly:
    """The house after its mails went out and each of their verdicts was lost."""
    usual = house.services
    way = Deadly(usual.transport, raises)
    house.services = replace(usual, transport=way)
    for _ in range(2):
        try:
            house.run()
        except Killed:
            house.clock.advance(minutes=11)
    house.services = usual
    return way


@contextmanager
def busy_first(monkeypatch: pytest.MonkeyPatch, services: Services, times: int) -> Iterator[None]:
    """Somebody holds the database when it is to be written to for the first `times`."""
    real, left = Database.writing, [times]

    @contextmanager
    def writing(self: Database, shop_id: str = "") -> Iterator[Session]:
        if left[0]:
            left[0] -= 1
            raise Temporary("database_busy", why="locked")
        with real(self, shop_id) as session:
            yield session

    with monkeypatch.context() as held:
        held.setattr(Database, "writing", writing)
        yield


def test_a_survey_that_may_be_out_never_leaves_again_though_the_database_is_busy(
    told: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = cut_off(told, Killed)
    assert way.sent == {"label": 1, "survey": 1}
    assert mails(told) == {"label": ("sending", 1), "survey": ("sending", 1)}
    with busy_first(monkeypatch, told.services, 1):
        told.run()
    for _ in range(8):
        told.clock.advance(minutes=20)
        told.run()
    assert mails(told) == {"label": ("sent", 2), "survey": ("ambiguous", 1)}
    assert Counter(told.kinds())["survey"] == 1


def test_an_unknown_error_after_a_mail_was_handed_over_leaves_it_in_doubt(told: House) -> None:
    way = cut_off(told, lambda: KeyError("a bug of ours"))
    assert way.sent == {"label": 1, "survey": 1}
    assert mails(told) == {"label": ("queued", 1), "survey": ("ambiguous", 1)}
    told.clock.advance(minutes=11)
    told.run()
    assert mails(told) == {"label": ("sent", 2), "survey": ("ambiguous", 1)}


def test_what_never_began_counts_as_no_copy(told: House) -> None:
    shop = told.services.settings.shop
    unsigned = replace(shop, from_="not an address <@@>")
    usual, told.services = (
        told.services,
        replace(told.services, settings=replace(told.services.settings, shop=unsigned)),
    )
    for _ in range(6):
        told.run()
        told.clock.advance(minutes=16)
    assert mails(told)["label"] == ("queued", 0)
    told.services = usual
    told.run()
    assert mails(told) == {"label": ("sent", 1), "survey": ("sent", 1), "owner_notice": ("sent", 1)}
