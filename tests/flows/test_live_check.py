"""The first live checks, on both store servers, well and ill; nothing is changed unless it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Http
from connectors.stores.shopify.live import KNOWN_WORDS
from integration.demo.stores.shopify_graphql import schema
from integration.demo.stores.woocommerce import WooCommerceStore, _system_status
from integration.flows import live_check
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.stores import refuse, roomy, store
from tests.stores.faults import NAMES, Faults

Seen = dict[str, str]
Ill = Callable[[House], object]


@pytest.fixture(params=["woocommerce", "shopify"])
def house(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's shop on SQLite, with one order on its way and one that arrived, once per platform."""
    made = House(tmp_path, clock, request.param)
    if request.param == "shopify":
        roomy(made)
    made.side.arrive(made.side.sell())
    made.side.sell()
    yield made
    made.close()


def look(house: House, *, with_code: bool = False) -> Seen:
    found = live_check.run(
        house.services,
        house_shop(house).name,
        lambda seconds: house.clock.advance(seconds=seconds),
        with_code=with_code,
    )
    return {one.code: one.verdict for one in found}


def house_shop(house: House) -> Any:
    with house.services.db.reading() as session:
        return house.shop(session)


def is_shopify(house: House) -> bool:
    return not isinstance(store(house), WooCommerceStore)


def state(house: House) -> tuple[Any, ...]:
    """All that a look could have changed in the store."""
    own = store(house)
    orders = own.shop.orders
    hooks = own.shop.hooks.all if is_shopify(house) else own.hooks.all()
    return (house.codes(), repr(orders), list(hooks))


def test_a_healthy_shop_differs_in_nothing_and_stays_as_it_was(house: House) -> None:
    before = state(house)
    seen = look(house)
    assert [code for code, verdict in seen.items() if verdict == "differs"] == (
        [] if is_shopify(house) else ["webhooks"]  # nobody set any up
    )
    assert {"same_shop", "orders_read", "order_again", "found_by_change", "heard", "buyers"} <= set(seen)
    assert seen["order_again"] == seen["found_by_change"] == seen["deliveries"] == "ok"
    assert seen["heard"] == "could_not"
    assert "code_made" not in seen
    assert state(house) == before


def test_what_came_by_webhook_is_told(house: House) -> None:
    house.deliver()
    found = {
        one.code: one
        for one in live_check.run(
            house.services,
            house_shop(house).name,
            lambda seconds: house.clock.advance(seconds=seconds),
            with_code=False,
        )
    }
    assert found["heard"].verdict == "ok"
    assert sum(int(n) for n in found["heard"].values.values()) == 1


def test_with_a_code_it_is_made_once_read_back_and_gone(house: House) -> None:
    before = state(house)
    seen = look(house, with_code=True)
    assert {code: seen[code] for code in seen if code.startswith("code_")} == dict.fromkeys(
        ["code_made", "code_made_once", "code_read_back", "code_revoked"], "ok"
    )
    assert state(house) == before


def test_without_orders_most_of_it_cannot_be_looked_at(house: House) -> None:
    store(house).shop.orders.clear()
    seen = look(house, with_code=True)
    assert "differs" not in {seen[code] for code in seen if code != "webhooks"}
    assert {seen[code] for code in ("orders_read", "order_again", "found_by_change", "buyers", "code_made")} == {
        "could_not"
    }


def test_a_store_that_refuses_us_is_no_news_of_how_it_is(house: House) -> None:
    refuse(house)
    seen = look(house, with_code=True)
    assert {code for code, verdict in seen.items() if verdict == "differs"} == (
        {"checks.shopify_access"} if is_shopify(house) else {"checks.store_keys"}
    )
    assert seen["same_shop"] == seen["orders_read"] == "could_not"
    assert house.codes() == []


@pytest.mark.parametrize("fault", NAMES)
def test_whatever_a_store_answers_ends_in_lines_and_leaves_no_code(house: House, fault: str) -> None:
    if fault.startswith("hang"):
        hasty = replace(house.services.http.limits, connect_timeout=0.5, read_timeout=0.3)
        object.__setattr__(house.services, "http", Http(hasty))
    upstream = credentials(house)["api_base"] if is_shopify(house) else store(house).url
    with Faults(upstream) as proxy:
        with house.services.db.writing() as session:
            reach(house, session, proxy.url)
        proxy.now = fault
        seen = look(house, with_code=True)
        proxy.now = ""
    assert "ok" not in {seen[code] for code in ("same_shop", "orders_read", "order_again")}
    assert house.codes() == []


def credentials(house: House) -> Any:
    return json.loads(house.services.vault.open(house.connection.sealed_credentials))


def reach(house: House, session: Any, url: str) -> None:
    """From now on the store is called through the proxy."""
    shop = house.shop(session)
    if is_shopify(house):
        row = session.merge(house.connection)
        row.sealed_credentials = house.services.vault.seal(json.dumps(credentials(house) | {"api_base": url}))
    else:
        shop.address = url


# -- each thing that may differ ---------------------------------------------------------------------


def withheld(house: House) -> None:
    store(house).shop.withholds_personal_data = True


def other_currency(house: House) -> None:
    store(house).shop.currency = "CLP"


def untimed(house: House) -> None:
    store(house).shop.delivered_at.clear()


def no_scope(house: House) -> None:
    store(house).shop.scopes.discard("write_discounts")


@pytest.mark.parametrize(
    ("ill", "differs"),
    [
        (withheld, {"checks.shopify_customer_data", "buyers"}),
        (other_currency, {"same_shop"}),
        (untimed, {"shopify_delivered_at"}),
        (no_scope, {"checks.shopify_scope"}),
    ],
)
def test_what_is_otherwise_at_shopify_is_named(
    tmp_path: Path, clock: StandingClock, ill: Ill, differs: set[str]
) -> None:
    house = House(tmp_path, clock, "shopify")
    roomy(house)
    house.side.arrive(house.side.sell())
    ill(house)
    found = list(
        live_check.run(
            house.services,
            house_shop(house).name,
            lambda seconds: house.clock.advance(seconds=seconds),
            with_code=False,
        )
    )
    house.close()
    assert {one.code for one in found if one.verdict == "differs"} == differs


def test_a_code_that_the_store_opens_to_everybody_cannot_be_tried_and_is_gone(
    tmp_path: Path, clock: StandingClock
) -> None:
    house = House(tmp_path, clock, "shopify")
    roomy(house)
    house.side.sell()
    store(house).codes.forgets_customers = True
    found = {
        one.code: one
        for one in live_check.run(
            house.services, house_shop(house).name, lambda seconds: house.clock.advance(seconds=seconds), with_code=True
        )
    }
    codes = house.codes()
    house.close()
    assert (found["code_made"].verdict, found["code_made"].values) == ("could_not", {"problem": "discount_not_bound"})
    assert codes == []


def test_the_words_we_know_are_all_that_the_schema_has() -> None:
    assert set(schema().type_map["FulfillmentDisplayStatus"].values) == KNOWN_WORDS  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": "11.2.2"}, "woocommerce_version"),
        ({"HPOS_enabled": False}, "woocommerce_hpos"),
    ],
)
def test_what_is_otherwise_at_woocommerce_is_named(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], code: str
) -> None:
    house = House(tmp_path, clock)
    house.side.sell()
    told = store_status(house)
    for part in ("environment", "settings"):
        told[part] |= {name: value for name, value in changes.items() if name in told[part]}
    monkeypatch.setattr("integration.demo.stores.woocommerce._system_status", lambda _: told)
    seen = look(house)
    house.close()
    assert {one for one, verdict in seen.items() if verdict == "differs"} == {code, "webhooks"}


def store_status(house: House) -> Any:
    return _system_status(store(house))


def test_times_that_are_not_what_they_say_are_noticed(tmp_path: Path, clock: StandingClock) -> None:
    house = House(tmp_path, clock)
    house.side.sell()
    order = next(iter(store(house).shop.orders.values()))
    order["date_modified_gmt"] = "2026-11-21T02:00:00"
    assert look(house)["woocommerce_clocks"] == "differs"
    order["date_modified"] = "soon"
    assert look(house)["woocommerce_clocks"] == "could_not"
    house.close()


def test_a_store_that_asks_to_wait_is_waited_for(tmp_path: Path, clock: StandingClock) -> None:
    house = House(tmp_path, clock, "shopify")
    house.side.arrive(house.side.sell())
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        clock.advance(seconds=seconds)

    found = {
        one.code: one.verdict for one in live_check.run(house.services, house_shop(house).name, wait, with_code=False)
    }
    house.close()
    assert waited
    assert max(waited) <= 30
    assert [code for code, verdict in found.items() if verdict == "could_not"] == ["heard"]
