"""`shops shopify-toml`: the app's file with this installation's addresses."""

from __future__ import annotations

import tomllib
from pathlib import Path

from integration.flows import connecting
from integration.flows.shops import NewShop
from tests.cli.conftest import Postventa
from tests.flows.house import House

APP = {"client_id": "mias-app", "client_secret": "mias-secret"}


def connect(house: House, name: str, **credentials: str) -> str:
    domain = f"{name.lower()}.myshopify.com"
    return connecting.add(house.services, NewShop(name, "shopify", domain, credentials), check=False)[1].key


def test_it_is_of_the_only_shopify_shop_there_is(postventa: Postventa, house: House) -> None:
    key = connect(house, "Hogar", **APP)
    ended = postventa("shops", "shopify-toml")
    told = tomllib.loads(ended.out)
    assert ended.code == 0
    assert told["client_id"] == "mias-app"
    assert {one["uri"] for one in told["webhooks"]["subscriptions"]} == {f"https://mia.example/webhooks/shopify/{key}"}
    assert told["access_scopes"]["scopes"].endswith("write_discounts,write_orders")
    assert "mias-secret" not in ended.out
    assert postventa("shops", "shopify-toml", "Hogar").out == ended.out


def test_shops_of_one_app_have_one_file_and_several_apps_need_a_name(postventa: Postventa, house: House) -> None:
    connect(house, "Hogar", **APP)
    connect(house, "Moda", **APP)
    assert postventa("shops", "shopify-toml").code == 0
    connect(house, "Otra", client_id="other", client_secret="x")
    ended = postventa("shops", "shopify-toml")
    assert (ended.code, ended.out) == (2, "")
    assert "SHOP" in ended.err
    assert 'client_id = "other"' in postventa("shops", "shopify-toml", "Otra").out


def test_before_a_shop_is_connected_it_is_there_without_webhooks(postventa: Postventa, house: House) -> None:
    ended = postventa("shops", "shopify-toml")
    assert "print it again" in ended.out
    assert "subscriptions" not in tomllib.loads(ended.out)["webhooks"]


def test_a_shop_without_such_an_app_is_told_so(postventa: Postventa, house: House) -> None:
    connect(house, "Vieja", client_secret="x", token="shpat_x")
    for name in ("Vieja", "Mia Moda"):
        ended = postventa("shops", "shopify-toml", name)
        assert (ended.code, ended.out) == (2, "")
        assert f'"{name}" does not use an app' in ended.err


def test_without_a_public_address_there_is_nothing_to_write(postventa: Postventa, house: House) -> None:
    config = Path("config.toml")
    config.write_text(config.read_text("utf-8").replace("https://mia.example", "http://127.0.0.1:8000"), "utf-8")
    ended = postventa("shops", "shopify-toml")
    assert ended.code == 2
    assert "public_url" in ended.err
