"""What is remembered of a connection never lets in what it should not, nor keeps out what it should let in."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from integration.db.tables import Connection, Shop
from integration.domain.ids import new_id
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


@pytest.fixture(params=["woocommerce", "shopify"])
def house(request: pytest.FixtureRequest, make_house: MakeHouse) -> House:
    """An installation whose door was used once, per platform."""
    made = make_house(request.param)
    assert made.post(*webhook(made)) == 200
    return made


def webhook(house: House) -> tuple[Any, bytes]:
    """A signed webhook, another one each time."""
    return house.side.arrive(house.side.sell())


def transactions(house: House) -> list[str]:
    """Grows by one with every transaction from now on."""
    seen: list[str] = []
    event.listen(house.services.db.engine, "begin", lambda _connection: seen.append("begin"))
    return seen


def test_keeping_one_is_one_transaction(house: House) -> None:
    told, seen = webhook(house), transactions(house)
    assert house.post(*told) == 200
    assert len(seen) == 1


def test_a_repeat_is_one_transaction_too(house: House) -> None:
    told = webhook(house)
    house.post(*told)
    seen = transactions(house)
    assert house.post(*told) == 200
    assert len(seen) == 1
    assert len(house.receipts()) == 2


def change_secret(house: House, *, keep_previous: bool) -> None:
    """As another process would: this one is not told."""
    with house.services.db.writing() as session:
        row = session.merge(house.connection)
        row.sealed_previous_secret = row.sealed_webhook_secret if keep_previous else ""
        row.sealed_webhook_secret = house.services.vault.seal("the-new-one")


def test_a_new_secret_opens_at_once(house: House) -> None:
    headers, body = webhook(house)
    change_secret(house, keep_previous=True)
    assert house.post(resigned(house, headers, body, "the-new-one"), body) == 200
    assert house.post(*webhook(house)) == 200


def resigned(house: House, headers: Any, body: bytes, secret: str) -> dict[str, str]:
    """The same webhook, signed with another secret."""
    from connectors.signing import sign

    names = {"X-WC-Webhook-Signature", "X-Shopify-Hmac-Sha256"}
    return {name: sign(body, secret) if name in names else value for name, value in dict(headers).items()}


def test_a_secret_that_was_taken_away_opens_no_longer_than_ten_seconds(house: House) -> None:
    change_secret(house, keep_previous=False)
    house.clock.advance(seconds=11)
    assert house.post(*webhook(house)) == 401


def test_a_clock_that_was_put_back_makes_nothing_last_longer(house: House) -> None:
    change_secret(house, keep_previous=False)
    house.clock.advance(days=-1)
    assert house.post(*webhook(house)) == 401


def test_a_forged_one_opens_no_door_for_the_next(house: House) -> None:
    headers, body = webhook(house)
    assert house.post(headers, body + b" ") == 401
    assert house.post(headers, body) == 200
    assert house.post(headers, body + b" ") == 401


def test_the_key_of_one_platform_opens_no_door_of_another(house: House) -> None:
    other = house.path.replace(house.side.platform, "demo")
    headers, body = webhook(house)
    assert house.client.post(other, headers=dict(headers), data=body).status_code == 404


def test_a_connection_that_was_taken_away_is_404_after_ten_seconds(make_house: MakeHouse) -> None:
    house = make_house()
    told = webhook(house)
    ping = {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.post(ping, b"webhook_id=1") == 200
    with house.services.db.writing() as session:
        session.get_one(Connection, house.connection.id).key = "another"
    house.clock.advance(seconds=11)
    assert house.post(*told) == 404


def test_a_shop_that_joins_an_app_is_known_at_once(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    headers, body = webhook(house)
    of_her_second = {**headers, "X-Shopify-Shop-Domain": "mia-dos.myshopify.com"}
    assert house.post(headers, body) == 200
    with house.services.db.writing() as session:
        session.add(Shop(id=new_id("shop", house.clock.now), connection_id=house.connection.id, name="Mia Dos",
                         address="mia-dos.myshopify.com", zone="UTC", locale="es",
                         created_at=house.clock.now))  # fmt: skip
    of_her_second["X-Shopify-Webhook-Id"] = "of-her-second"
    assert house.post(of_her_second, body) == 200
    assert sorted(receipt.state for receipt in house.receipts()) == ["kept", "kept"]
