"""A desk with Mia logged in, a second shop with the same order numbers, and forms sent as a browser would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integration.db.queries import orders
from integration.db.tables import Shop
from integration.domain.events import OrderChanged
from integration.domain.facts import Order
from integration.flows import accounts, complaints, connecting, intake
from integration.flows.shops import NewShop
from tests.conftest import StandingClock
from tests.flows.house import House

MIA = {"name": "Mia", "email": "mia@mia.example", "password": "correct horse battery"}
ANA = {"name": "Ana", "email": "ana@mia.example", "password": "correct horse battery"}
HTTPS = "https://mia.example"
COOKIE = "__Host-postventa"
OTHER = "Otra tienda"


class Desk:
    """A browser without a screen at the desk of a house."""

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

    def links(self, path: str, kind: str) -> list[str]:
        """The addresses on a page of one kind of thing, such as `order`."""
        return list(dict.fromkeys(re.findall(rf'href="(/admin/\w+/{kind}_\w+)', self.get(path).text)))


def complained(house: House, cause: str = "damaged", text: str = "La caja llegó rota", **buyer: str) -> str:
    """Sam's order arrives and she tells what is wrong; our id of the order."""
    ref = house.deliver(**buyer)
    house.complain(cause, text)
    house.run()
    return ref


def sold_elsewhere(house: House, like: Order) -> None:
    """A second shop of the same installation takes in an order with the same number, and a complaint about it."""
    services, now = house.services, house.clock.now
    if not any(shop.name == OTHER for shop in house.rows(Shop)):
        connecting.add(services, NewShop(OTHER, "demo", "demo", {}), check=False)
    with services.db.writing() as session:
        shop = next(shop for shop in house.rows(Shop) if shop.name == OTHER)
        order = replace(like, first_name="Otto", email="otto@example.com", state="delivered", status="delivered")
        intake.handle(session, services, shop, OrderChanged(order), now)
        row = orders.by_ref(session, shop.id, order.ref)
        assert row
        complaints.open_complaint(session, services, shop, row, "other", "De la otra tienda", "", "form", now)
    house.run()


def order_of(house: House, ref: str) -> Order:
    """The facts of an order."""
    with house.services.db.reading() as session:
        row = orders.by_ref(session, house.shop_id, ref)
        assert row
        return orders.facts(row)


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
def agent(house: House) -> Desk:
    """Ana, who answers people, at the same desk."""
    return Desk(house).enter("agent")
