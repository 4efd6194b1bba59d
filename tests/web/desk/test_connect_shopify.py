"""Mia connects her Shopify shop at the desk: four values, plain words for what is wrong, and nothing leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import NoReturn

import pytest
from werkzeug.test import TestResponse

from connectors.base import Check
from connectors.stores.shopify.connector import Shopify
from integration.db.tables import Connection, HistoryRow, MailRow, Pause, Shop, Task
from integration.demo.stores.shopify import ShopifyStore
from integration.domain.errors import Temporary
from integration.flows import connecting, reconcile
from integration.flows.shops import NewShop, webhook_secrets
from integration.settings import Server
from integration.worker import ticks
from tests.web.desk.conftest import HTTPS, Desk

PATH = "/admin/connect/shopify"


@dataclass
class Connecting:
    """The desk, and a Shopify shop that runs beside the house."""

    desk: Desk
    store: ShopifyStore
    base: str
    form: dict[str, str] = field(default_factory=dict)

    def send(self, **changes: str) -> TestResponse:
        app = {"client_id": self.store.client_id, "client_secret": self.store.client_secret}
        form = {"shop": "", "domain": self.store.domain, "token": "", "webhooks": "make", "api_base": self.base}
        return self.desk.post(PATH, **(form | app | changes))

    def shop(self) -> Shop:
        return next(row for row in self.desk.house.rows(Shop) if row.address.endswith("myshopify.com"))

    def connection(self) -> Connection:
        return next(row for row in self.desk.house.rows(Connection) if row.platform == "shopify")


@pytest.fixture
def mia(desk: Desk) -> Iterator[Connecting]:
    store = ShopifyStore(now=desk.house.clock, token="shpat_pasted")
    store.bucket.maximum = store.bucket.available = 10**9
    store.add_order()
    yield Connecting(desk, store, store.start())
    store.stop()


def words(answer: TestResponse) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def test_four_values_connect_a_shop_in_preview_with_its_webhooks(mia: Connecting) -> None:
    answer = mia.send()
    shop = mia.shop()
    assert (answer.status_code, answer.location) == (303, f"/admin/shops/{shop.id}?did=connected")
    assert (shop.name, shop.state, shop.currency, shop.zone) == ("Mia", "preview", "EUR", "Europe/Madrid")
    assert shop.check_failed == ""
    url = f"{HTTPS}/webhooks/shopify/{mia.connection().key}"
    assert {hook["uri"] for hook in mia.store.shop.hooks.all} == {url}
    assert {hook["topic"] for hook in mia.store.shop.hooks.all} >= {"ORDERS_UPDATED", "FULFILLMENT_EVENTS_CREATE"}
    assert "vista previa" in mia.desk.get(answer.location).text
    assert [row.to_state for row in mia.desk.house.rows(HistoryRow) if row.shop_id == shop.id] == ["webhooks_made"]


def test_what_its_webhooks_tell_is_planned_and_not_mailed(mia: Connecting) -> None:
    mia.send()
    house, order = mia.desk.house, mia.store.add_order()
    mia.store.ship(order["id"])
    headers, body = mia.store.signed_webhook("fulfillment_events/create", mia.store.delivered_event(order["id"]))
    path = f"/webhooks/shopify/{mia.connection().key}"
    assert house.client.post(path, headers=headers, data=body).status_code == 200
    house.run()
    states = {row.kind: (row.state, row.reason) for row in house.rows(MailRow) if row.shop_id == mia.shop().id}
    assert states["label"][1] == "preview"
    assert house.kinds() == []


def test_the_page_asks_for_what_the_policy_needs_and_says_why(mia: Connecting) -> None:
    page = mia.desk.get(PATH)
    assert "read_orders,read_customers,read_fulfillments,write_discounts,write_orders" in page.text
    assert "Se pide porque tu política da códigos" in words(page)
    object.__setattr__(mia.desk.house.services.settings.policy.compensation, "enabled", False)
    page = mia.desk.get(PATH)
    assert "write_discounts" not in page.text
    assert "read_orders,read_customers,read_fulfillments,write_orders" in page.text


def test_a_missing_scope_is_named_with_what_to_do_and_nothing_is_kept(mia: Connecting) -> None:
    mia.store.shop.scopes -= {"read_customers", "write_discounts"}
    answer = mia.send()
    said = words(answer)
    assert answer.status_code == 200
    assert "le falta el permiso read_customers" in said
    assert "le falta el permiso write_discounts" in said
    assert [row.address for row in mia.desk.house.rows(Shop) if "myshopify" in row.address] == []
    assert mia.store.shop.hooks.all == []
    assert mia.store.client_secret not in answer.text
    assert f'value="{mia.store.client_id}"' in answer.text


def test_a_missing_courtesy_is_shown_on_the_shops_page_until_it_is_there(mia: Connecting) -> None:
    mia.store.shop.scopes.discard("write_orders")
    place = mia.send().location
    assert "le falta el permiso write_orders" in words(mia.desk.get(place))
    mia.store.shop.scopes.add("write_orders")
    answer = mia.desk.post(f"/admin/shops/{mia.shop().id}/check")
    assert "La app tiene el permiso write_orders" in words(answer)
    assert "le falta el permiso" not in words(mia.desk.get(place))


def test_withheld_addresses_are_told_in_plain_words(mia: Connecting) -> None:
    mia.store.shop.withholds_personal_data = True
    assert "Pide para la app el acceso a datos protegidos" in words(mia.send())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_secret": "eves"}, "no acepta el id y el secreto"),
        ({"domain": "eve.myshopify.com"}, "la app está instalada en mia.myshopify.com"),
        ({"domain": "mia.example"}, "no es un dominio de Shopify"),
        ({"client_id": ""}, "Pega aquí el valor"),
        ({"client_secret": "", "token": "shpat_pasted"}, "Pega aquí el valor"),
        ({"api_base": "http://127.0.0.1:9"}, "no responde"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_kept(
    mia: Connecting, changes: dict[str, str], said: str
) -> None:
    answer = mia.send(**changes)
    assert said in words(answer)
    assert len(mia.desk.house.rows(Shop)) == 1
    assert "shpat_pasted" not in answer.text


def test_a_store_that_stops_answering_half_way_is_told_and_not_kept(
    mia: Connecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: object) -> NoReturn:
        raise Temporary("throttled")

    monkeypatch.setattr("connectors.stores.shopify.connector.Shopify.describe", busy)
    assert "Shopify pide que esperemos" in words(mia.send())
    assert len(mia.desk.house.rows(Shop)) == 1


def test_on_the_open_internet_no_other_address_is_called(mia: Connecting, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def looked(shop: Shopify) -> list[Check]:
        given.extend(shop.credentials)
        return [Check("shopify_access", False, {"problem": "invalid_client"})]

    monkeypatch.setattr("connectors.stores.shopify.connector.Shopify.check", looked)
    object.__setattr__(mia.desk.house.services.settings.http, "allow_private_hosts", False)
    mia.send()
    assert given == ["client_id", "client_secret"]


def test_a_shop_of_another_organisation_is_told_so(mia: Connecting) -> None:
    mia.store.permits_exchange = False
    assert "no son de la misma organización" in words(mia.send())


@pytest.mark.parametrize("typed", ["mia", "MIA.myshopify.com", "https://mia.myshopify.com/admin/orders",
                                   "https://admin.shopify.com/store/mia/settings"])  # fmt: skip
def test_the_domain_may_be_typed_as_it_is_seen(mia: Connecting, typed: str) -> None:
    assert mia.send(domain=typed).status_code == 303
    assert mia.shop().address == "mia.myshopify.com"


def test_a_token_of_the_old_kind_needs_no_exchange(mia: Connecting) -> None:
    assert mia.send(client_id="", token="shpat_pasted").status_code == 303
    assert "token" not in mia.store.asked
    services = mia.desk.house.services
    kept = json.loads(services.vault.open(mia.connection().sealed_credentials))
    assert kept == {"client_secret": "mias-secret", "token": "shpat_pasted", "api_base": mia.base}
    assert webhook_secrets(services, mia.connection()) == ["mias-secret"]


def test_webhooks_of_the_app_file_are_left_to_her(mia: Connecting) -> None:
    assert mia.send(webhooks="file").status_code == 303
    assert mia.store.shop.hooks.all == []


def test_refused_webhooks_connect_it_all_the_same_and_say_why(mia: Connecting, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "This app is not approved to subscribe to webhook topics containing protected customer data"
    refusal = {"webhookSubscription": None, "userErrors": [{"field": ["topic"], "message": said}]}
    monkeypatch.setattr(mia.store.shop.hooks, "create", lambda *_, **__: refusal)
    place = mia.send().location
    assert said in words(mia.desk.get(place))


def test_a_service_without_a_public_address_makes_no_webhooks(mia: Connecting) -> None:
    settings = mia.desk.house.services.settings
    object.__setattr__(settings.http, "allow_private_hosts", False)
    object.__setattr__(settings, "server", Server(public_url="http://127.0.0.1:8000"))
    page = mia.desk.client.get(PATH)
    assert page.status_code == 303  # plain http has another cookie
    object.__setattr__(settings, "server", Server(public_url=HTTPS))
    assert 'name="api_base"' not in mia.desk.get(PATH).text


def test_a_shop_is_connected_once(mia: Connecting) -> None:
    mia.send()
    answer = mia.send()
    assert answer.status_code == 400
    assert "ya está conectada, con el nombre «Mia»" in words(answer)


def test_a_name_that_is_taken_gives_way_to_the_domain(mia: Connecting) -> None:
    connecting.add(mia.desk.house.services, NewShop("Mia", "demo", "demo", {}), check=False)
    mia.send()
    assert mia.shop().name == "mia"


def test_looking_is_limited(mia: Connecting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.flows.connect_shopify.TRIES_AN_HOUR", 1)
    assert mia.send(client_secret="eves").status_code == 200
    answer = mia.send()
    assert answer.status_code == 429
    assert "Hubo demasiados intentos" in words(answer)


# -- again ------------------------------------------------------------------------------------------


def test_new_credentials_let_go_on_what_the_old_ones_held_up(mia: Connecting) -> None:
    mia.send()
    shop, house = mia.shop(), mia.desk.house
    mia.store.client_secret = "new-secret"
    mia.store.expire_tokens()
    reconcile.look(house.services, shop.id, now_anyhow=True)
    assert {row.reason for row in house.rows(Pause)} == {"invalid_client"}
    with house.services.db.writing() as session:
        session.add(
            Task(id="task_x", shop_id=shop.id, kind="FetchOrder", subject="1", key="x", reason="invalid_client",
                 due_at=house.clock.now.replace(year=2027), created_at=house.clock.now)
        )  # fmt: skip
    page = mia.desk.get(f"{PATH}?shop={shop.id}")
    assert "Conectar de nuevo" in page.text
    assert 'value="mia.myshopify.com"' in page.text
    answer = mia.send(shop=shop.id)
    assert (answer.status_code, answer.location) == (303, f"/admin/shops/{shop.id}?did=reconnected")
    assert house.rows(Pause) == []
    assert next(row for row in house.rows(Task) if row.id == "task_x").due_at == house.clock.now
    assert webhook_secrets(house.services, mia.connection()) == ["new-secret", "mias-secret"]
    assert ticks.reconcile(house.services) >= 0
    assert house.rows(Pause) == []
    assert len([row for row in house.rows(Shop) if "myshopify" in row.address]) == 1


def test_a_renamed_shop_is_connected_by_its_new_domain_and_keeps_its_orders(mia: Connecting) -> None:
    mia.send()
    shop, house = mia.shop(), mia.desk.house
    order = mia.store.add_order()
    path = f"/webhooks/shopify/{mia.connection().key}"
    headers, body = mia.store.signed_webhook("orders/create", order)
    house.client.post(path, headers=headers, data=body)
    house.drain()
    mia.store.domain = mia.store.shop.domain = "mia-hogar.myshopify.com"
    reconcile.look(house.services, shop.id, now_anyhow=True)
    standing = words(mia.desk.get(f"/admin/shops/{shop.id}"))
    assert "La tienda cambió de dominio" in standing
    assert mia.send(shop=shop.id, domain="mia-hogar").status_code == 303
    assert mia.shop().address == "mia-hogar.myshopify.com"
    assert house.rows(Pause) == []
    headers, body = mia.store.signed_webhook("orders/updated", order)
    house.client.post(path, headers=headers, data=body)
    house.drain()
    assert {row.state for row in house.receipts()} == {"done"}
    moved = [(row.from_state, row.to_state) for row in house.rows(HistoryRow) if row.reason == "address"]
    assert moved == [("mia.myshopify.com", "mia-hogar.myshopify.com")]


def test_another_shop_does_not_take_the_place_of_this_one(mia: Connecting) -> None:
    mia.send()
    shop, house = mia.shop(), mia.desk.house
    headers, body = mia.store.signed_webhook("orders/create", mia.store.add_order())
    house.client.post(f"/webhooks/shopify/{mia.connection().key}", headers=headers, data=body)
    house.drain()
    mia.store.shop.orders.clear()
    mia.store.domain = mia.store.shop.domain = "otra.myshopify.com"
    answer = mia.send(shop=shop.id, domain="otra")
    assert answer.status_code == 400
    assert "es otra tienda" in words(answer)
    assert mia.shop().address == "mia.myshopify.com"


def test_another_currency_is_taken_on_when_she_connects_it_again(mia: Connecting) -> None:
    mia.send()
    mia.store.shop.currency = "CLP"
    mia.send(shop=mia.shop().id)
    assert mia.shop().currency == "CLP"


def test_a_shop_that_moves_to_another_app_leaves_the_others_with_the_old_one(mia: Connecting) -> None:
    mia.send()
    services = mia.desk.house.services
    app = {"client_id": mia.store.client_id, "client_secret": mia.store.client_secret}
    connecting.add(services, NewShop("Otra", "shopify", "otra.myshopify.com", app), check=False)
    mia.store.client_id, mia.store.client_secret = "new-app", "new-secret"
    assert mia.send(shop=mia.shop().id).status_code == 303
    found = {row.name: row.connection_id for row in mia.desk.house.rows(Shop)}
    assert found["Mia"] != found["Otra"]
    old = next(row for row in mia.desk.house.rows(Connection) if row.id == found["Otra"])
    assert json.loads(services.vault.open(old.sealed_credentials))["client_id"] == "mias-app"


def test_only_an_owners_own_shopify_shop_can_be_connected_again(mia: Connecting, agent: Desk) -> None:
    for shop in (mia.desk.house.shop_id, "shop_00000000000000000000000000"):
        assert mia.desk.get(f"{PATH}?shop={shop}").status_code == 404
        assert mia.send(shop=shop).status_code == 404
    assert agent.get(PATH).status_code == 403
    assert agent.post(PATH).status_code == 403
