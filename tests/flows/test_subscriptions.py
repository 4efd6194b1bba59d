"""Webhooks that a store gave up are made anew, and the owner hears what they missed (E7)."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import pytest

from integration.db.care_tables import Cursor
from integration.db.tables import HistoryRow
from integration.demo.stores.woocommerce_fields import WpError
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command
from tests.flows.stores import arrived_untold, look, store


def active(house: House) -> list[str]:
    """Topics that the store still sends."""
    if hasattr(store(house), "hooks"):
        return [hook["topic"] for hook in store(house).hooks.all() if hook["status"] == "active"]
    return [hook["topic"] for hook in store(house).shop.hooks.all]


def give_up(house: House) -> None:
    """The store switches off, or deletes, everything that sends to us."""
    if hasattr(store(house), "hooks"):
        for hook in store(house).hooks.all():
            store(house).hooks.change(hook["id"], {"status": "disabled"})
    else:
        store(house).shop.hooks.all.clear()


@pytest.fixture(autouse=True)
def no_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's ping goes to an address that is none."""
    monkeypatch.setattr("integration.demo.stores.woocommerce_hooks.post", lambda *_: 200)


def test_the_first_look_makes_them_and_that_is_no_news(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    assert look(house).made == ("order.updated", "order.deleted", "order.restored")
    assert look(house).made == ()
    house.run()
    assert house.mails("owner_notice") == []
    assert sorted(active(house)) == ["order.deleted", "order.restored", "order.updated"]


def test_what_the_store_gave_up_is_made_anew_and_told_with_what_was_missed(house: House) -> None:
    command(house, "reconcile", "--subscribe")
    before = sorted(active(house))
    assert len(before) > 2
    house.clock.advance(minutes=15)
    give_up(house)
    for _ in range(3):
        arrived_untold(house)
    house.clock.advance(minutes=15)
    found = look(house)
    assert (found.found, len(found.made)) == (3, len(before))
    assert sorted(active(house)) == before
    house.run()
    (notice,) = house.mails("owner_notice")
    assert "3" in notice.text
    assert found.made[0] in notice.text
    house.clock.advance(days=1)
    look(house)
    house.run()
    assert len(house.mails("owner_notice")) == 1
    made = [line.reason for line in house.rows(HistoryRow) if line.to_state == "webhooks_made"]
    assert len(made) == 2


def busy(_query: object) -> NoReturn:
    raise WpError(503, "busy", "Briefly unavailable for scheduled maintenance.")


def test_what_was_made_by_a_look_that_failed_is_told_by_the_next(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house("woocommerce")
    look(house)
    give_up(house)
    arrived_untold(house)
    house.clock.advance(minutes=15)
    with monkeypatch.context() as patch:
        patch.setattr(store(house).shop, "list_orders", busy)
        assert look(house).problem is not None
    house.clock.advance(minutes=15)
    look(house)
    house.run()
    (notice,) = house.mails("owner_notice")
    assert "order.updated" in notice.text


def test_subscriptions_that_may_stand_in_the_apps_configuration_are_not_doubled(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    assert look(house).made == ()
    assert active(house) == []
    house.clock.advance(minutes=15)
    assert "ORDERS_CREATE" not in active(house)
    assert "orders/create" in command(house, "reconcile", "--subscribe")
    assert "ORDERS_CREATE" in active(house)


def test_a_service_that_no_store_can_reach_makes_none_and_reads_all_the_same(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    settings = house.services.settings
    behind_a_router = replace(
        settings, server=replace(settings.server, public_url="http://127.0.0.1:8000"),
        http=replace(settings.http, allow_private_hosts=False),
    )  # fmt: skip
    house.services = replace(house.services, settings=behind_a_router)
    arrived_untold(house)
    assert (look(house).found, look(house).made) == (1, ())
    assert active(house) == []


def test_a_key_that_may_only_read_is_told_and_the_shop_is_read_all_the_same(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    store(house).shop.permissions = "read"
    arrived_untold(house)
    assert (look(house).found, look(house).problem) == (1, None)
    house.run()
    assert house.kinds().count("owner_notice") == 1
    (row,) = [row for row in house.rows(Cursor) if row.stream == "changes"]
    assert row.whole_at is None
