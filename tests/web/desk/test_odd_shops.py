"""A store that lies, moves or changes under us: said on the shop's page with what helps; nothing lost or mixed."""

from __future__ import annotations

import html
import json
import re

from integration.db.tables import OrderRow, Pause
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import reconcile
from tests.flows.house import House
from tests.stores.faults import Faults
from tests.web.desk.conftest import Desk


def words(page: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])))


def shop_page(house: House, desk: Desk, *, checked: bool = False) -> str:
    path = f"/admin/shops/{house.shop_id}"
    return words(desk.post(f"{path}/check").text if checked else desk.get(path).text)


def store(house: House) -> WooCommerceStore:
    found: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    return found


def look(house: House) -> str:
    """A look at the shop; the code of what went wrong."""
    found = reconcile.look(house.services, house.shop_id, now_anyhow=True)
    assert found
    return found.problem.code if found.problem else ""


def signed(house: House, body: dict[str, object]) -> int:
    """A webhook that the store signed, whatever it says."""
    raw = json.dumps(body).encode()
    return house.post(store(house).hooks.headers("order.updated", raw, house.secret, 1), raw)


def test_a_store_that_says_it_is_another_rests_until_it_is_itself_again(house: House, desk: Desk) -> None:
    house.side.sell()
    store(house).home_url = "https://other.example"
    assert look(house) == "shop_renamed"
    assert {pause.reason for pause in house.rows(Pause)} == {"shop_renamed"}
    assert house.rows(OrderRow) == []
    page = shop_page(house, desk)
    assert "dominio" in page
    assert "Conectar de nuevo" in page
    assert "https://other.example" in shop_page(house, desk, checked=True)
    store(house).home_url = store(house).url
    house.clock.advance(minutes=15)
    assert look(house) == ""
    assert (house.rows(Pause), len(house.rows(OrderRow))) == ([], 1)


def test_a_store_with_another_currency_rests_and_says_so(house: House, desk: Desk) -> None:
    house.deliver()
    store(house).shop.currency = "CLP"
    assert look(house) == "currency_changed"
    house.answer(2, "damaged")
    house.run()
    assert house.codes() == []
    assert "moneda" in shop_page(house, desk)
    store(house).shop.currency = "EUR"
    house.clock.advance(minutes=15)
    assert look(house) == ""
    house.run()
    assert len(house.codes()) == 1


def test_a_signed_error_without_an_order_is_said_on_the_shops_page_until_it_is_well(house: House, desk: Desk) -> None:
    body = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot view this.", "data": {"status": 403}}
    for _ in range(3):
        assert signed(house, body | {"message": f"Sorry {house.clock.now}"}) == 200
        house.clock.advance(minutes=5)
    house.run()
    assert house.kinds().count("owner_notice") <= 3
    assert house.rows(OrderRow) == []
    assert "perdió su permiso" in shop_page(house, desk)
    assert "necesita que la mires" in words(desk.get("/admin/shops").text)
    shop_page(house, desk, checked=True)
    assert "perdió su permiso" not in shop_page(house, desk)


def test_with_new_keys_the_webhooks_are_made_anew_by_whoever_has_them(house: House, desk: Desk) -> None:
    assert look(house) == ""
    before = {hook["id"] for hook in store(house).hooks.all()}
    foreign = store(house).register_webhook("https://elsewhere.example/x", ["order.updated"], "s")[0]
    path = str(desk.post("/admin/connect/woocommerce", address=store(house).url, shop=house.shop_id).location)
    desk.post(path, consumer_key="ck_demo", consumer_secret="cs_demo")
    after = {hook["id"] for hook in store(house).hooks.all()}
    assert (len(after), before & after, foreign in after) == (4, set(), True)


def test_a_shop_that_moved_to_another_address_is_named_with_it(house: House, desk: Desk) -> None:
    with Faults(store(house).url) as between:
        with house.services.db.writing() as session:
            house.shop(session).address = between.url
        between.now = "redirect"
        assert look(house) == "redirected"
        assert "no se pudo leer la última vez" in shop_page(house, desk)
        assert "http://169.254.169.254" in shop_page(house, desk, checked=True)
        house.side.sell()
        between.now = ""
        house.clock.advance(hours=1)
        assert look(house) == ""
        assert "no se pudo leer" not in shop_page(house, desk)
    assert len(house.rows(OrderRow)) == 1


def test_two_orders_with_one_number_stay_two(house: House, desk: Desk) -> None:
    for name in ("Sam", "Otto"):
        order = store(house).add_order(status="processing", number="1001", billing={"first_name": name})
        assert house.post(*store(house).signed_webhook(order["id"], "order.updated", house.secret)) == 200
    house.run()
    assert [order.number for order in house.rows(OrderRow)] == ["1001", "1001"]
    assert len(desk.links("/admin/orders?q=1001", "order")) == 2


def test_amounts_without_decimals_are_shown_as_they_are(house: House, desk: Desk) -> None:
    line = {"id": 1, "name": "Zapato", "quantity": 1, "total": "12990", "total_tax": "0", "sku": "Z"}
    order = store(house).add_order(status="processing", currency="CLP", total="12990", total_tax="0", line_items=[line])
    assert house.post(*store(house).signed_webhook(order["id"], "order.updated", house.secret)) == 200
    house.run()
    [link] = desk.links("/admin/orders", "order")
    page = words(desk.get(link).text)
    assert re.search(r"12[.\s]?990(?![,.]\d)", page)


def test_an_order_of_2031_and_one_without_an_address_hold_up_no_other(house: House, desk: Desk) -> None:
    far = store(house).add_order(status="processing")["id"]
    late = dict.fromkeys(("date_created_gmt", "date_modified", "date_modified_gmt"), "2031-01-01T00:00:00")
    store(house).shop.orders[far] |= late
    store(house).add_order(status="delivered", billing={"email": ""})
    assert look(house) == ""
    house.run()
    assert house.mails("label") == []
    assert len(desk.links("/admin/orders", "order")) == 2
    house.deliver()
    assert len(house.mails("label")) == 1
