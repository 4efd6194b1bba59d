"""The owner sees in her store what happened here: a note and a tag on the order, and no word of the shopper's."""

from __future__ import annotations

from typing import Any

import pytest

from integration.db.tables import ComplaintRow, Pause, Task
from integration.domain.errors import Permanent
from integration.flows import connecting, privacy
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import store

WORDS = "Llegó rota, llámame al 600123456"


def notes(house: House, ref: str) -> list[str]:
    """As the shop's people read them."""
    if house.side.platform == "shopify":
        return (store(house).shop.orders[int(ref)]["note"] or "").splitlines()
    return [note["note"] for note in store(house).shop.notes.get(int(ref), [])]


def ran(house: House) -> None:
    """What is due is done, and a minute later the notes."""
    house.run()
    house.clock.advance(minutes=2)
    house.run()


def lines(house: House) -> list[str]:
    """What is expected of a complaint that got its code."""
    [case] = house.rows(ComplaintRow)
    [code] = house.codes()
    return [
        f"Postventa: reclamo {case.number} (Dañado o no funciona).",
        f"Postventa: reclamo {case.number}, código {code.code} creado y enviado.",
    ]


def test_a_complaint_its_code_and_its_close_stand_on_the_order(house: House) -> None:
    ref = house.deliver()
    assert notes(house, ref) == []
    house.complain("damaged", WORDS)
    ran(house)
    assert sorted(notes(house, ref)) == sorted(lines(house))  # this clock stands still, so both are due at one moment
    if house.side.platform == "shopify":
        assert "postventa" in store(house).shop.orders[int(ref)]["tags"]
    [case] = house.rows(ComplaintRow)
    house.client.post(house.link("owner_fix", "admin/case"), data={"action": "close", "expected_state": case.state})
    ran(house)
    assert notes(house, ref)[2:] == [f"Postventa: reclamo {case.number} cerrado."]
    assert not [note for note in notes(house, ref) if "600123456" in note]


def test_nothing_is_noted_when_mia_wants_no_notes(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", order_notes=False)
    ref = house.deliver()
    house.complain("damaged", WORDS)
    ran(house)
    assert (notes(house, ref), len(house.codes())) == ([], 1)


def test_nothing_is_noted_in_a_preview_nor_about_who_was_erased(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    ref, other = house.deliver(), house.deliver(email="eve@example.com")
    house.complain("damaged", WORDS)
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), other, house.clock.now)
        house.shop(session).state = "preview"
    ran(house)
    assert notes(house, ref) == notes(house, other) == []
    assert {task.state for task in house.rows(Task) if task.kind == "NoteOrder"} == {"done"}


@pytest.mark.parametrize("why", ["scope", "refused"])
def test_a_store_that_takes_no_notes_is_no_trouble(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    house = make_house("shopify")
    ref = house.deliver()
    if why == "scope":
        store(house).shop.scopes.discard("write_orders")
    else:

        def refuse(*_: Any) -> str:
            raise Permanent("query_refused", said="no")

        monkeypatch.setattr("connectors.stores.shopify.connector.Shopify.note_on_order", refuse)
    house.complain("damaged", WORDS)
    ran(house)
    assert (notes(house, ref), house.rows(Pause), house.mails("owner_notice")) == ([], [], [])
    assert len(house.mails("discount_code")) == 1


def test_a_paused_shop_notes_it_when_it_goes_on(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    ref = house.deliver()
    connecting.set_state(house.services, house.side.name, "paused")
    house.complain("damaged", WORDS)
    ran(house)
    assert notes(house, ref) == []
    connecting.set_state(house.services, house.side.name, "live")
    house.clock.advance(minutes=16)
    ran(house)
    assert sorted(notes(house, ref)) == sorted(lines(house))  # this clock stands still, so both are due at one moment
