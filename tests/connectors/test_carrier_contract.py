"""What every carrier keeps, whichever it is; a new folder is found and tested by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors import carrier, carrier_names
from connectors.carrying import Carrier
from connectors.http import Http, HttpLimits
from integration.domain.errors import Ambiguous, BadPayload, NotFound, Permanent, Temporary
from integration.domain.facts import Address, Item
from integration.domain.labels import LabelRequest
from integration.domain.money import Money

METHODS = {"pickup", "in_store", "drop_off_point", "drop_off_labelless"}
BOUGHT = (b"%PDF-1.4 first", b"%PDF-1.4 second")


def ask(reference: str = "R-7K3QXM", *, currency: str = "EUR", items: int = 1) -> LabelRequest:
    things = tuple(Item(str(n), "Taza", 1, Money.of(12, currency)) for n in range(items))
    return LabelRequest(
        reference=reference,
        order_number="1042",
        shop_name="Casa Mia",
        return_address=Address(name="Casa Mia", city="Valencia", country="ES"),
        sender=Address(name="Sam", city="Madrid", country="ES"),
        items=things,
        link="https://postventa.casamia.example/r/aB3dE5gH7jK9mN1pQ3sT5v",
        locale="es",
        words={"stamp": "Sin franqueo pagado"},
        created_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    )


def draw(request: LabelRequest) -> bytes:
    return b"%PDF-1.4 " + " ".join((request.reference, *request.words.values())).encode()


def open_carrier(name: str, **credentials: str) -> Carrier:
    return carrier(name)(credentials, Http(HttpLimits()), draw)


@pytest.fixture(params=carrier_names())
def each(request: pytest.FixtureRequest) -> Carrier:
    return open_carrier(request.param)


def shelf() -> Iterator[bytes]:
    return iter(BOUGHT)


def test_its_folder_is_its_name(each: Carrier) -> None:
    assert carrier(each.name) is type(each)


def test_it_knows_a_way_to_send_back(each: Carrier) -> None:
    assert each.capabilities.methods
    assert METHODS.issuperset(each.capabilities.methods)


def test_it_makes_a_pdf_by_a_way_it_knows(each: Carrier) -> None:
    label = each.create_return(ask(), shelf())
    assert label.reference == "R-7K3QXM"
    assert label.pdf.startswith(b"%PDF-")
    assert label.method in each.capabilities.methods


def test_one_reference_is_one_label(each: Carrier) -> None:
    assert each.create_return(ask(), shelf()) == each.create_return(ask(), shelf())


def test_two_references_are_two_labels(each: Carrier) -> None:
    stock = shelf()
    first, second = each.create_return(ask("R-1"), stock), each.create_return(ask("R-2"), stock)
    assert (first.reference, second.reference) == ("R-1", "R-2")
    assert first.pdf != second.pdf
    assert first.tracking != second.tracking or not first.tracking


def test_it_takes_from_the_stock_only_if_it_says_so_and_then_one(each: Carrier) -> None:
    stock = shelf()
    each.create_return(ask(), stock)
    assert len(list(stock)) == (1 if each.capabilities.needs_stock else 2)


def test_what_it_charges_it_tells(each: Carrier) -> None:
    cost = each.create_return(ask(currency="CLP"), shelf()).cost
    assert (cost is not None) == each.capabilities.charges_at_creation
    assert cost is None or cost.currency == "CLP"


def test_an_order_without_items_gets_its_label_too(each: Carrier) -> None:
    assert each.create_return(ask(items=0), shelf()).pdf


def test_an_unknown_carrier_is_named_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="no_carrier") as caught:
        carrier("owl")
    assert "own" in str(caught.value.params["known"])


def test_our_own_slip_is_never_passed_off_as_paid() -> None:
    label = open_carrier("own").create_return(ask(), iter(()))
    assert not label.postage_paid
    assert label.method == "in_store"
    assert b"Sin franqueo pagado" in label.pdf


def test_bought_labels_go_out_as_they_came_and_are_paid() -> None:
    stock = shelf()
    handed_out = [open_carrier("prepaid").create_return(ask(), stock) for _ in BOUGHT]
    assert tuple(label.pdf for label in handed_out) == BOUGHT
    assert all(label.postage_paid for label in handed_out)


def test_an_empty_stock_is_for_the_owner_to_fill() -> None:
    with pytest.raises(Permanent, match="no_labels_left"):
        open_carrier("prepaid").create_return(ask(), iter(()))


@pytest.mark.parametrize("file", [b"", b"<html>", b" %PDF-1.4"])
def test_a_bought_file_that_is_no_pdf_never_reaches_a_shopper(file: bytes) -> None:
    with pytest.raises(BadPayload, match="not_a_pdf"):
        open_carrier("prepaid").create_return(ask(), iter((file,)))


@pytest.mark.parametrize(("fault", "error"), [("ambiguous", Ambiguous), ("temporary", Temporary)])
def test_the_demo_carrier_fails_when_told_to(fault: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_carrier("demo", fault=fault).create_return(ask(), iter(()))


def test_the_demo_carrier_says_that_nobody_paid() -> None:
    label = open_carrier("demo").create_return(ask(), iter(()))
    assert b"DEMO" in label.pdf
    assert b"Sin franqueo pagado" not in label.pdf
    assert label.tracking.startswith("DEMO")
    assert label.expires_at == datetime(2026, 12, 21, 12, tzinfo=UTC)
