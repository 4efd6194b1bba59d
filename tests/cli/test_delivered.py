"""`shops check` and `shops delivered`: what is the matter with a shop, and when its orders count as delivered."""

from __future__ import annotations

from typing import Any

from integration.db.queries import shops
from integration.flows.shops import connector_of, policy_of, set_policy
from tests.cli.conftest import Postventa
from tests.flows.house import House


def store(house: House) -> Any:
    return house.side.store  # type: ignore[attr-defined]


def test_a_check_marks_what_is_wrong_and_what_is_only_good_to_know(postventa: Postventa, house: House) -> None:
    store(house).plugins = ["woocommerce-warranty/woocommerce-warranty.php"]
    ended = postventa("shops", "check", "Mia Moda")
    marks = [line[0] for line in ended.out.splitlines()]
    assert (ended.code, marks) == (0, ["✓", "✓", "✓", "✓", "!", "✓", "!"])
    assert "woocommerce-warranty also handles returns" in ended.out
    assert "! The shop does not reach us at https://mia.example," in ended.out
    store(house).shop.permissions = "read"
    ended = postventa("shops", "check", "Mia Moda")
    assert ended.code == 1
    assert "✗ The keys may only read." in ended.out


def test_what_counts_as_delivered_is_counted_proposed_and_taken(postventa: Postventa, house: House) -> None:
    for _ in range(2):
        store(house).add_order(status="completed")
    with house.services.db.writing() as session:
        body = {"delivered_when": ["shipped"]}
        set_policy(session, house.services, house.shop(session), body, house.clock())
    said = postventa("shops", "delivered", "Mia Moda").out
    assert "Orders of the last 60 days: completed 2, delivered 0" in said
    assert "Proposed as delivered: delivered, completed+4d." in said
    assert "Counts as delivered: delivered, completed+4d" in postventa("shops", "delivered", "Mia Moda", "--take").out
    assert "Counts as delivered" in postventa("shops", "delivered", "Mia Moda", "--take").out
    with house.services.db.reading() as session:
        version, policy = policy_of(session, house.services, house.shop(session))
    assert (version, policy.delivered_when) == (2, ("delivered", "completed+4d"))


def test_connecting_says_when_an_order_will_count_as_delivered(postventa: Postventa, house: House) -> None:
    words = ("--url", store(house).url, "--consumer-key", "ck_demo", "--consumer-secret", "cs_demo")
    ended = postventa("shops", "add", "Mia Dos", "--platform", "woocommerce", *words)
    assert "Counts as delivered: delivered, completed+4d" in ended.out
    quiet = postventa("shops", "add", "Mia Tres", "--platform", "woocommerce", *words, "--no-check")
    assert "Counts as delivered" not in quiet.out


def test_how_a_host_takes_keys_is_kept_with_them(postventa: Postventa, house: House) -> None:
    store(house).strips_authorization = True
    words = ("--url", store(house).url, "--consumer-key", "ck_demo", "--consumer-secret", "cs_demo")
    assert postventa("shops", "add", "Mia Dos", "--platform", "woocommerce", *words).code == 0
    with house.services.db.reading() as session:
        shop = shops.shop_by_name(session, "Mia Dos")
        connector = connector_of(session, house.services, shop)
    store(house).requests.clear()
    assert connector.fetch_order(house.side.sell())
    assert len(store(house).requests) == 1


def test_a_shop_whose_parcels_tell_has_nothing_to_choose(postventa: Postventa, house: House) -> None:
    folder = house.folder / "samples"
    folder.mkdir()
    (folder / "orders.json").write_text("[]", "utf-8")
    assert postventa("shops", "add", "Muestra", "--platform", "demo", "--folder", str(folder)).code == 0
    assert "Muestra tells by its parcels" in postventa("shops", "delivered", "Muestra").out
    assert postventa("shops", "delivered", "Muestra", "--take").code == 0
    assert postventa("shops", "check", "Muestra").code == 0
