"""Connecting a WooCommerce shop at the desk: approved in the shop or by typed keys, proved there, in preview."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from integration.db.care_tables import Joining
from integration.db.tables import Connection, Pause, Shop
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import accounts, connecting, joining, shops
from integration.settings import HttpOut
from integration.worker import ticks
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.stores.faults import Faults
from tests.web.desk.conftest import HTTPS, MIA, Desk

KEYS = {"consumer_key": "ck_lia", "consumer_secret": "cs_lia"}


@pytest.fixture
def lia(clock: StandingClock) -> Iterator[WooCommerceStore]:
    """Another shop of Mia's, not connected yet."""
    store = WooCommerceStore(KEYS["consumer_key"], KEYS["consumer_secret"], clock)
    store.start()
    yield store
    store.stop()


def words(page: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])))


def began(desk: Desk, store: WooCommerceStore, shop: str = "") -> str:
    """She typed the address; the path of what is on its way."""
    answer = desk.post("/admin/connect/woocommerce", address=store.url, **({"shop": shop} if shop else {}))
    assert answer.status_code == 303, words(answer.text)
    return str(answer.location)


def asked(desk: Desk, path: str) -> dict[str, str]:
    """What the shop's page would be asked by her click."""
    found = re.search(r'href="([^"]+/wc-auth/v1/authorize[^"]+)"', desk.get(path).text)
    assert found
    url = html.unescape(found[1])
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | {"url": url}


def approve(house: House, desk: Desk, path: str, keys: dict[str, str] | None = None, **changes: str) -> int:
    """The shop sends keys to where it was told; what it is answered."""
    return send(house, asked(desk, path), {**(keys or KEYS), **changes})


def send(house: House, told: dict[str, str], keys: dict[str, str]) -> int:
    body = {"key_id": 1, "user_id": told["user_id"], "key_permissions": "read_write", **keys}
    place = urlsplit(told["callback_url"]).path
    return house.app.test_client().post(place, data=json.dumps(body), content_type="application/json").status_code


def connected(house: House) -> list[Shop]:
    return [shop for shop in house.rows(Shop) if shop.id != house.shop_id]


def test_she_approves_in_her_shop_and_it_is_connected_in_preview(
    house: House, desk: Desk, lia: WooCommerceStore
) -> None:
    path = began(desk, lia)
    told = asked(desk, path)
    assert told["url"].startswith(f"{lia.url}/wc-auth/v1/authorize?")
    assert told["callback_url"].startswith(f"{HTTPS}/webhooks/approved/")
    assert told["return_url"] == f"{HTTPS}{path}/back"
    assert (told["app_name"], told["scope"]) == ("Postventa", "read_write")
    assert approve(house, desk, path) == 200
    answer = desk.get(f"{path}/back?success=1&user_id={told['user_id']}")
    [shop] = connected(house)
    assert (answer.status_code, answer.location) == (303, f"/admin/shops/{shop.id}/delivered?did=connected")
    assert (shop.name, shop.address, shop.state) == ("Tienda de Mia", lia.url, "preview")
    assert (shop.currency, shop.zone, shop.live_since) == ("EUR", "Europe/Madrid", None)
    assert {hook["topic"] for hook in lia.hooks.all()} == {"order.updated", "order.deleted", "order.restored"}
    assert "Conectada" in words(desk.get(answer.location).text)
    assert f"/admin/shops/{shop.id}" in desk.get("/admin/shops").text


def test_the_word_is_sealed_and_the_keys_are_kept_nowhere_else(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    path = began(desk, lia)
    word = asked(desk, path)["user_id"]
    assert approve(house, desk, path) == 200
    kept = str([row.model_dump() for row in house.rows(Joining)])
    assert word not in kept
    assert "cs_lia" not in kept
    desk.get(f"{path}/back?success=1")
    [done] = house.rows(Joining)
    assert (done.state, done.sealed_credentials) == ("done", "")


def test_keys_come_once_and_only_with_the_word(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    path = began(desk, lia)
    assert approve(house, desk, path, user_id="another") == 400
    assert approve(house, desk, path, consumer_key="") == 400
    stranger = house.app.test_client()
    assert stranger.post("/webhooks/approved/" + "A" * 32, data="{}").status_code == 404
    assert stranger.post("/webhooks/approved/x", data=b"x" * 20_000).status_code == 413
    told = asked(desk, path)
    assert send(house, told, KEYS) == 200
    assert send(house, told, {"consumer_key": "ck_eve", "consumer_secret": "cs_eve"}) == 409
    assert desk.get(f"{path}/back?success=1").status_code == 303
    assert approve_again(house, desk, path) == 303
    assert len(connected(house)) == 1


def approve_again(house: House, desk: Desk, path: str) -> int:
    """Her browser comes back a second time."""
    answer = desk.get(f"{path}/back?success=1")
    assert f"/admin/shops/{connected(house)[0].id}" in answer.location
    return answer.status_code


def test_after_an_hour_nothing_is_taken_and_she_may_begin_again(
    house: House, desk: Desk, lia: WooCommerceStore
) -> None:
    path = began(desk, lia)
    told = asked(desk, path)
    house.clock.advance(hours=1, minutes=1)
    body = {"user_id": told["user_id"], **KEYS}
    place = urlsplit(told["callback_url"]).path
    assert house.app.test_client().post(place, json=body).status_code == 410
    for late in (path, f"{path}/back?success=1"):
        answer = desk.get(late)
        assert answer.status_code == 410
        assert "Empieza de nuevo" in words(answer.text)
        assert 'name="address"' in answer.text
    ticks.tidy(house.services)
    assert house.rows(Joining) == []
    assert connected(house) == []
    began(desk, lia)


def test_what_another_owner_began_is_not_hers(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    path = began(desk, lia)
    assert approve(house, desk, path) == 200
    other = Desk(house).enter("owner", name="Leo", email="leo@mia.example")
    for foreign in (path, f"{path}/back?success=1"):
        answer = other.get(foreign)
        assert answer.status_code == 404
        assert "Esto lo empezó otra persona" in words(answer.text)
    assert other.post(path, action="again").status_code == 404
    assert connected(house) == []


def test_whoever_denies_is_told_that_nothing_happened(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    path = began(desk, lia)
    answer = desk.get(f"{path}/back?success=0&user_id=x")
    assert "No aprobaste" in words(answer.text)
    assert "no llegaron" in words(desk.get(f"{path}/back?success=1").text)
    assert connected(house) == []


def test_keys_that_open_another_shop_are_not_believed(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    lia.home_url = "https://other.example"
    path = began(desk, lia)
    assert approve(house, desk, path) == 200
    answer = desk.get(f"{path}/back?success=1")
    assert answer.status_code == 200
    assert "https://other.example" in words(answer.text)
    assert connected(house) == []
    lia.home_url = lia.url
    assert desk.post(path, action="again").status_code == 303
    assert len(connected(house)) == 1


def test_keys_are_typed_instead_and_never_shown_again(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    path = began(desk, lia)
    for missing in KEYS:
        assert desk.post(path, **(KEYS | {missing: " "})).status_code == 400
    answer = desk.post(path, **(KEYS | {"consumer_secret": "cs_canary"}))
    assert "La tienda no acepta las claves" in words(answer.text)
    assert "cs_canary" not in answer.text
    assert "cs_canary" not in desk.get(path).text
    assert re.search(r"<details open>\s*<summary>Pegar otras claves", answer.text)  # not the same ones again
    assert re.findall(r'<button type="submit"( class="quiet")?>(Conectar|Ya lo corregí)', answer.text) == [
        ("", "Conectar"), (' class="quiet"', "Ya lo corregí"),
    ]  # fmt: skip
    answer = desk.post(path, **KEYS)
    [shop] = connected(house)
    assert answer.location == f"/admin/shops/{shop.id}/delivered?did=connected"


@pytest.mark.parametrize(
    ("fault", "words_of_it"),
    [("html", "una página"), ("403", "Algo delante de la tienda"), ("redirect", "http://169.254.169.254")],
)
def test_a_shop_that_cannot_be_connected_says_so_before_any_key(
    house: House, desk: Desk, lia: WooCommerceStore, fault: str, words_of_it: str
) -> None:
    with Faults(lia.url) as between:
        between.now = fault
        answer = desk.post("/admin/connect/woocommerce", address=between.url)
    assert answer.status_code == 200
    assert words_of_it in html.unescape(answer.text)
    assert house.rows(Joining) == []


def test_an_address_that_is_none_or_known_is_refused_beside_its_field(house: House, desk: Desk) -> None:
    assert "Escribe la dirección" in words(desk.post("/admin/connect/woocommerce", address=" ").text)
    again = desk.post("/admin/connect/woocommerce", address=f"{house.rows(Shop)[0].address}/")
    assert again.status_code == 400
    assert "Mia Moda" in words(again.text)
    nowhere = desk.post("/admin/connect/woocommerce", address="http://127.0.0.1:1")
    assert "no responde. Mira si la dirección está bien escrita" in words(nowhere.text)
    assert "intentamos de nuevo" not in words(nowhere.text)  # nobody does: she is in a form


def test_many_tries_wait(house: House, desk: Desk) -> None:
    statuses = [
        desk.post("/admin/connect/woocommerce", address="http://127.0.0.1:1").status_code for _ in range(31)
    ]  # fmt: skip
    assert statuses == [200] * 30 + [429]


def test_without_https_there_is_nothing_to_approve(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    joining_id = began(desk, lia).rpartition("/")[2]
    who = accounts.person(house.services, accounts.log_in(house.services, MIA, "test"))
    assert who
    own = house.services.settings
    settings = replace(own, server=replace(own.server, public_url="http://mia.example"), http=HttpOut())
    assert joining.opened(house.services, who, joining_id).approve_at
    assert joining.opened(replace(house.services, settings=settings), who, joining_id).approve_at == ""


# -- a shop that is known gets new keys --------------------------------------------------------------


def test_revoked_keys_pause_the_shop_and_new_ones_let_it_go_on(house: House, desk: Desk) -> None:
    house.deliver()
    store: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    store.shop.keys = ("ck_new", "cs_new")
    house.answer(2, "damaged")
    house.run()
    shop = f"/admin/shops/{house.shop_id}"
    page = words(desk.get(shop).text)
    assert "La tienda ya no acepta nuestras claves" in page
    assert [pause.reason for pause in house.rows(Pause)] == ["access_refused"]
    checked = words(desk.post(f"{shop}/check").text)
    assert "Crea unas nuevas" in checked
    assert f'href="/admin/connect/woocommerce?shop={house.shop_id}"' in desk.get(shop).text
    assert store.url in desk.get(f"/admin/connect/woocommerce?shop={house.shop_id}").text
    path = began(desk, store, house.shop_id)
    assert approve(house, desk, path, {"consumer_key": "ck_new", "consumer_secret": "cs_new"}) == 200
    answer = desk.get(f"{path}/back?success=1")
    assert answer.location == f"{shop}/delivered?did=reconnected"
    assert house.rows(Pause) == []
    assert connected(house) == []
    assert len(house.rows(Connection)) == 1
    house.run()
    assert len(house.codes()) == 1
    with house.services.db.reading() as session:
        assert house.shop(session).state == "live"


def test_another_shop_never_takes_the_place_of_one_with_orders(house: House, desk: Desk, lia: WooCommerceStore) -> None:
    house.deliver()
    lia.add_order(date_created_gmt="2020-01-01T00:00:00")
    path = began(desk, lia, house.shop_id)
    answer = desk.post(path, **KEYS)
    assert answer.status_code == 400
    assert "es otra tienda" in words(answer.text)
    with house.services.db.reading() as session:
        assert house.shop(session).address != lia.url


def test_a_shop_that_moved_is_the_same_by_its_orders(house: House, desk: Desk) -> None:
    house.deliver()
    store: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    with Faults(store.url) as between:
        path = str(desk.post("/admin/connect/woocommerce", address=between.url, shop=house.shop_id).location)
        answer = desk.post(path, consumer_key="ck_demo", consumer_secret="cs_demo")
        assert answer.location.endswith("did=reconnected")
        with house.services.db.reading() as session:
            assert house.shop(session).address == between.url


def test_when_the_store_lets_us_in_again_a_check_ends_the_pause(house: House, desk: Desk) -> None:
    house.deliver()
    store: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    store.shop.manages = False
    house.answer(2, "damaged")
    house.run()
    shop = f"/admin/shops/{house.shop_id}"
    assert "ya no puede administrar la tienda" in words(desk.get(shop).text)
    store.shop.manages = True
    desk.post(f"{shop}/check")
    assert house.rows(Pause) == []
    house.run()
    assert len(house.codes()) == 1


# -- does it reach us; when is it delivered -----------------------------------------------------------


def test_a_shop_that_does_not_reach_us_is_told_and_stops_nothing(house: House, desk: Desk) -> None:
    page = words(desk.post(f"/admin/shops/{house.shop_id}/check").text)
    assert "La tienda no llega hasta https://mia.example," in page
    assert "El nombre mia.example no existe en Internet" in page
    assert "La tienda no llega hasta" in words(desk.get(f"/admin/shops/{house.shop_id}").text)
    with house.services.db.reading() as session:
        assert not connecting.in_trouble(house.shop(session))


def test_her_orders_of_late_propose_when_one_is_delivered(house: House, desk: Desk) -> None:
    store: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    for _ in range(3):
        store.add_order(status="completed")
    old = store.add_order(status="completed")["id"]
    store.shop.orders[old]["date_created_gmt"] = f"{house.clock.now - timedelta(days=61):%Y-%m-%dT%H:%M:%S}"
    path = f"/admin/shops/{house.shop_id}/delivered"
    page = words(desk.get(path).text)
    assert "Entregado 0" in page
    assert "Completado 3" in page
    assert "Completado: 4 días después" in page
    assert "Así se cuenta ya" in page  # the default says the same
    with house.services.db.writing() as session:
        shops.set_policy(
            session, house.services, house.shop(session), {"delivered_when": ["shipped"], "label": "off"},
            house.clock.now,
        )  # fmt: skip
    assert "Proponemos contar como entregado" in words(desk.get(path).text)
    assert desk.post(path).location == f"/admin/shops/{house.shop_id}?did=delivered_when"
    with house.services.db.reading() as session:
        _, policy = shops.policy_of(session, house.services, house.shop(session))
    assert (policy.delivered_when, policy.label) == (("delivered", "completed+4d"), "off")
    shop = words(desk.get(f"/admin/shops/{house.shop_id}").text)
    assert "Entregado: en cuanto lo marcas Completado: 4 días después" in shop
    assert "completed+4d" not in shop


def test_a_store_that_cannot_be_counted_says_why(house: House, desk: Desk) -> None:
    house.side.store.shop.keys = ("ck_other", "cs_other")  # type: ignore[attr-defined]
    answer = desk.get(f"/admin/shops/{house.shop_id}/delivered")
    assert "La tienda ya no acepta nuestras claves" in words(answer.text)
