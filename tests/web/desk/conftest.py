"""A desk with Mia logged in, and helpers that send its forms as her browser would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integration.flows import accounts
from tests.conftest import StandingClock
from tests.flows.house import House

MIA = {"name": "Mia", "email": "mia@mia.example", "password": "correct horse battery"}
ANA = {"name": "Ana", "email": "ana@mia.example", "password": "correct horse battery"}
HTTPS = "https://mia.example"
COOKIE = "__Host-postventa"


class Desk:
    """A browser without a screen at the desk of a house; `who` logs in."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.client: FlaskClient = house.app.test_client()

    def enter(self, role: str = "owner", *shops: str, **form: str) -> Desk:
        """Use a fresh invitation."""
        services = self.house.services
        with services.db.writing() as session:
            link = accounts.invite(session, services, role, shops)
        known = MIA if role == "owner" else ANA
        answer = self.client.post(link.removeprefix(HTTPS), data=known | form, base_url=HTTPS)
        assert answer.status_code == 303, answer.text
        return self

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=HTTPS, **more)

    def post(self, path: str, csrf: str | None = None, **form: str) -> TestResponse:
        """Send a form of the desk, with the token its pages carry."""
        sent = form | {"csrf": self.csrf() if csrf is None else csrf}
        return self.client.post(path, data=sent, base_url=HTTPS)

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/admin/account").text)
        assert found
        return found[1]

    def links(self, path: str, pattern: str) -> list[str]:
        """The addresses on a page that match."""
        return re.findall(rf'href="({pattern})"', self.get(path).text)


MakeDesk = Callable[..., Desk]


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    folder = tmp_path / "house"
    folder.mkdir()
    made = House(folder, clock)
    yield made
    made.close()


@pytest.fixture
def desk(house: House) -> Desk:
    """Mia at her desk."""
    return Desk(house).enter()


@pytest.fixture
def agent(house: House, desk: Desk) -> Desk:
    """Ana, who answers people, at the same desk."""
    return Desk(house).enter("agent")
