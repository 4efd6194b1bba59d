"""Whether a code was used comes from later orders; a cancelled one gives it back (C16)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.db.tables import CodeRow, ComplaintRow, OrderRow
from integration.flows import numbers
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command
from tests.flows.stores import look, store


@pytest.fixture
def given(house: House) -> House:
    """Sam complained and holds a code."""
    house.deliver()
    house.answer(2, "damaged", "La caja llegó rota")
    house.run()
    assert code(house).state == "mailed"
    house.clock.advance(days=1)
    return house


def code(house: House) -> CodeRow:
    (found,) = house.rows(CodeRow)
    return found


def buys(house: House, spelled: str) -> str:
    """Sam buys again with the code; the store's id of the order."""
    if house.side.platform == "shopify":
        entry = {"code": spelled, "amount": "5.00", "type": "percentage"}
        return str(store(house).add_order(discount_codes=[entry])["id"])
    line = {"id": 1, "code": spelled, "discount": "5.00"}
    return str(store(house).add_order(status="processing", coupon_lines=[line])["id"])


def cancelled(house: House, ref: str) -> None:
    house.clock.advance(hours=1)
    if house.side.platform == "shopify":
        order: dict[str, Any] = store(house).shop.orders[int(ref)]
        order["cancelled_at"] = order["updated_at"] = house.clock.now.isoformat()
    else:
        store(house).set_status(int(ref), "cancelled")


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_an_order_paid_with_the_code_in_any_case_has_used_it(given: House, spelling: Any) -> None:
    ref = buys(given, spelling(code(given).code))
    look(given)
    assert (code(given).state, code(given).used_by) == ("redeemed", ref)


def test_a_cancelled_order_gives_it_back_and_another_may_use_it(given: House) -> None:
    first = buys(given, code(given).code)
    look(given)
    cancelled(given, first)
    look(given)
    assert (code(given).state, code(given).used_by) == ("mailed", "")
    given.clock.advance(hours=1)
    second = buys(given, code(given).code)
    look(given)
    assert (code(given).state, code(given).used_by) == ("redeemed", second)


def test_another_order_that_is_cancelled_takes_nothing_back(given: House) -> None:
    tried = buys(given, code(given).code)
    cancelled(given, tried)
    look(given)
    bought = buys(given, code(given).code)
    look(given)
    cancelled(given, tried)
    look(given)
    assert (code(given).state, code(given).used_by) == ("redeemed", bought)


def test_a_code_given_back_after_its_day_is_over(given: House) -> None:
    ref = buys(given, code(given).code)
    look(given)
    given.clock.advance(days=61)
    cancelled(given, ref)
    look(given)
    assert code(given).state == "expired"


def test_a_refund_keeps_it_used(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    house.deliver()
    house.answer(2, "damaged")
    house.run()
    ref = buys(house, code(house).code)
    look(house)
    house.clock.advance(hours=1)
    store(house).set_status(int(ref), "refunded")
    look(house)
    assert code(house).state == "redeemed"


def test_a_deleted_order_gives_it_back(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    house.deliver()
    house.answer(2, "damaged")
    house.run()
    ref = int(buys(house, code(house).code))
    assert house.post(*store(house).signed_webhook(ref, "order.updated", house.secret)) == 200
    house.run()
    assert code(house).state == "redeemed"
    assert house.post(*store(house).signed_webhook(ref, "order.deleted", house.secret)) == 200
    house.run()
    assert code(house).state == "mailed"


def test_the_case_page_the_order_and_the_numbers_tell_of_it(given: House) -> None:
    path = given.link("owner_fix", "admin/case")
    assert "Se usó en el pedido" not in given.client.get(path).text
    assert codes_used(given) == (0, 1)
    ref = buys(given, code(given).code)
    look(given)
    given.clock.advance(minutes=2)
    given.run()
    [order] = [row for row in given.rows(OrderRow) if row.ref == ref]
    assert f"Se usó en el pedido {order.number}, el 22 " in given.client.get(path).text
    assert codes_used(given) == (1, 1)
    [first] = [row for row in given.rows(OrderRow) if row.ref != ref]
    said = f"código {code(given).code} usado en otro pedido"
    assert said in str(store(given).shop.orders[int(first.ref)].get("note") or store(given).shop.notes)
    cancelled(given, ref)
    look(given)
    assert "Se usó en el pedido" not in given.client.get(path).text
    assert codes_used(given) == (0, 1)


def codes_used(house: House) -> tuple[int, int | None]:
    """Of the numbers: how many codes were used, of how many."""
    line = numbers.of_shops(house.services, [house.shop_id], 30).figures["codes_used"].now
    return line.n, line.of


def test_the_case_says_which_order_used_its_code(given: House) -> None:
    (case,) = given.rows(ComplaintRow)
    buys(given, code(given).code)
    look(given)
    shown = json.loads(command(given, "complaints", "show", case.number, "--json"))
    assert (shown["code_state"], shown["code_used_by"]) == ("redeemed", code(given).used_by)
    assert shown["code_used_at"].startswith("2026-11-22")
