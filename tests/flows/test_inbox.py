"""The inbox: refused, kept, repeated, unreadable; never lost, never twice."""

from __future__ import annotations

import json

import pytest

from integration.db.tables import OrderRow, Receipt
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


def test_a_forged_body_is_401_and_not_kept(house: House) -> None:
    headers, body = house.side.arrive(house.side.sell())
    assert house.post(headers, body + b" ") == 401
    assert house.receipts() == []


def test_an_unknown_connection_is_404(house: House) -> None:
    headers, body = house.side.arrive(house.side.sell())
    assert house.client.post("/webhooks/woocommerce/eve", headers=dict(headers), data=body).status_code == 404
    assert house.client.post(f"/webhooks/nowhere/{house.connection.key}", data=body).status_code == 404


def test_a_body_of_three_megabytes_is_413(house: House) -> None:
    assert house.post({}, b"x" * 3_000_000) == 413


def test_the_unsigned_ping_is_exactly_200_and_not_kept(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.post(kind, b"webhook_id=33") == 200
    assert house.receipts() == []


def test_a_repeat_is_answered_200_and_kept_once(house: House) -> None:
    told = house.side.arrive(house.side.sell())
    assert [house.post(*told) for _ in range(3)] == [200, 200, 200]
    assert len(house.receipts()) == 1


def test_the_previous_secret_still_opens_during_a_rotation(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    told = house.side.arrive(house.side.sell())
    with house.services.db.writing() as session:
        row = session.merge(house.connection)
        row.sealed_previous_secret = row.sealed_webhook_secret
        row.sealed_webhook_secret = house.services.vault.seal("the-new-one")
    assert house.post(*told) == 200


def test_another_shops_domain_is_kept_flagged_and_never_acted_on(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    headers, body = house.side.arrive(house.side.sell())
    assert house.post({**headers, "X-Shopify-Shop-Domain": "eve.myshopify.com"}, body) == 200
    house.run()
    [receipt] = house.receipts()
    assert (receipt.state, receipt.reason, receipt.shop_id) == ("ignored", "unknown_shop", None)
    assert house.rows(OrderRow) == []


@pytest.mark.parametrize("body", [b"\xff\xfe{", b"[]", b'{"id":', b'{"id":"x"}', b"{}", b'{"id":1,"status":7}'])
def test_what_cannot_be_read_stays_visible_and_holds_up_nothing(make_house: MakeHouse, body: bytes) -> None:
    house = make_house("woocommerce")
    hooks = house.side.store.hooks  # type: ignore[attr-defined]
    assert house.post(hooks.headers("order.updated", body, house.secret, 1), body) == 200
    house.deliver()
    states = [receipt.state for receipt in house.receipts()]
    assert states[0] in ("unreadable", "done")
    assert house.kinds().count("label") == 1
    assert "owner_notice" in house.kinds()


def test_a_signed_error_body_is_told_to_the_owner(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    body = json.dumps({"code": "woocommerce_rest_cannot_view", "message": "no", "data": {"status": 403}}).encode()
    hooks = house.side.store.hooks  # type: ignore[attr-defined]
    assert house.post(hooks.headers("order.updated", body, house.secret, 1), body) == 200
    house.run()
    assert house.kinds() == ["owner_notice"]


def test_an_older_state_of_an_order_changes_nothing(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    store = house.side.store  # type: ignore[attr-defined]
    ref = house.side.sell()
    before = store.signed_webhook(int(ref), "order.updated", house.secret)
    house.clock.advance(minutes=5)
    house.post(*house.side.arrive(ref))
    house.run()
    house.post(*before)
    house.run()
    [order] = house.rows(OrderRow)
    assert order.state == "delivered"


def test_delivered_before_created_is_read_from_the_store(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    house.deliver()
    [order] = house.rows(OrderRow)
    assert order.complete
    assert order.facts["email"] == "sam@example.com"


def test_a_mention_of_an_order_is_looked_up(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    store = house.side.store  # type: ignore[attr-defined]
    ref = house.side.sell()
    store.set_status(int(ref), "delivered")
    house.post(*store.signed_webhook(int(ref), "action.woocommerce_order_status_delivered", house.secret))
    house.run()
    assert house.kinds() == ["label", "survey"]


def test_a_receipt_is_a_row_before_it_is_an_answer(house: House) -> None:
    told = house.side.arrive(house.side.sell())
    assert house.post(*told) == 200
    [receipt] = house.receipts()
    assert (receipt.state, receipt.body) == ("kept", told[1])
    assert isinstance(receipt, Receipt)
