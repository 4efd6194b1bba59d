"""A store that is suddenly another: told once, nothing done there, and everything goes on when it is itself again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.http import Response
from connectors.stores.shopify.answers import judge_shop
from integration.db.queries import outbox
from integration.db.tables import Pause, Task
from integration.domain.errors import Permanent, Refused
from integration.flows import reconcile
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.stores import arrived_untold, look, refuse, store


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's Shopify shop, on SQLite."""
    made = House(tmp_path, clock, "shopify")
    yield made
    made.close()


def notices(house: House) -> list[str]:
    house.run()
    return [mail.text for mail in house.mails("owner_notice")]


def paused(house: House) -> set[tuple[str, str]]:
    return {(row.stream, row.reason) for row in house.rows(Pause)}


def test_a_renamed_shop_rests_and_goes_on_when_it_is_itself_again(house: House) -> None:
    look(house)
    arrived_untold(house)
    house.clock.advance(days=1)
    store(house).shop.domain = "mia-2.myshopify.com"
    asked = len(store(house).asked)
    found = look(house)
    assert (found.found, found.made) == (0, ())
    assert found.problem is not None
    assert found.problem.code == "shop_renamed"
    assert "ChangedOrders" not in store(house).asked[asked:]
    assert paused(house) == {("store", "shop_renamed"), ("reading", "shop_renamed")}
    (told,) = notices(house)
    assert "cambió de dominio" in told
    house.clock.advance(minutes=15)
    look(house)
    assert len(notices(house)) == 1
    store(house).shop.domain = "mia.myshopify.com"
    house.clock.advance(minutes=15)
    assert look(house).found > 0
    assert paused(house) == set()


def test_with_another_currency_no_code_is_made_and_it_is_made_afterwards(house: House) -> None:
    house.deliver()
    store(house).shop.currency = "CLP"
    look(house)
    assert house.answer(2, "damaged").status_code == 200
    house.run()
    assert house.codes() == []
    held = [task for task in house.rows(Task) if task.reason == "currency_changed"]
    assert "CreateDiscount" in {task.kind for task in held}
    store(house).shop.currency = "EUR"
    house.clock.advance(minutes=15)
    look(house)
    house.run()
    assert len(house.codes()) == 1


def test_woocommerce_rests_as_well_when_its_currency_changed(tmp_path: Path, clock: StandingClock) -> None:
    made = House(tmp_path, clock)
    store(made).shop.currency = "CLP"
    found = look(made)
    told = paused(made)
    made.close()
    assert found.problem is not None
    assert (found.problem.code, found.problem.params["known"], found.problem.params["told"]) == (
        "currency_changed", "EUR", "CLP",
    )  # fmt: skip
    assert told == {("store", "currency_changed"), ("reading", "currency_changed")}


def test_who_it_is_is_asked_once_a_day(house: House) -> None:
    look(house)
    house.clock.advance(minutes=15)
    asked = len(store(house).asked)
    look(house)
    assert "Shop" not in store(house).asked[asked:]
    house.clock.advance(days=1)
    look(house)
    assert "Shop" in store(house).asked[asked:]


def test_a_store_that_does_not_answer_is_no_other_store(house: House) -> None:
    refuse(house)
    look(house)
    assert {reason for _, reason in paused(house)} == {"invalid_client"}


def test_a_revoked_token_is_one_pause_and_one_mail_however_often_it_is_tried(house: House) -> None:
    house.deliver()
    refuse(house)
    for _ in range(8):
        reconcile.look(house.services, house.shop_id)
        house.run()
        house.clock.advance(minutes=15)
    assert len(house.mails("owner_notice")) == 1
    with house.services.db.reading() as session:
        (pause,) = outbox.pauses(session)
        assert (pause.stream, pause.reason) == ("reading", "invalid_client")
    assert "token" in store(house).asked[-1]


def test_a_domain_that_leads_to_another_is_a_renamed_shop() -> None:
    moved = {"location": "https://mia-2.myshopify.com/admin/api/2026-10/graphql.json"}
    with pytest.raises(Refused, match="shop_renamed"):
        judge_shop(Response(301, moved, b"", "https://mia.myshopify.com/"))
    for elsewhere in ("https://eve.example/", "https://myshopify.com.eve.example/", ""):
        with pytest.raises(Permanent, match="redirected"):
            judge_shop(Response(301, {"location": elsewhere}, b"", "https://mia.myshopify.com/"))
