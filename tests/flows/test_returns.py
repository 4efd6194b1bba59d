"""A return she announces is one return, told to both sides once, and hers to change (B12-B14)."""

from __future__ import annotations

import re

import pytest

from integration.db.queries import orders
from integration.db.tables import HistoryRow, LabelRow, ReturnRow
from tests.flows.house import House

FORM = {"reason": "too_small", "wish": "exchange", "text": "Me aprieta un poco"}


def items(house: House, ref: str) -> list[tuple[str, int]]:
    with house.services.db.reading() as session:
        row = orders.by_ref(session, house.shop_id, ref)
        assert row
        return [(item.ref, item.quantity) for item in orders.facts(row).items]


def test_the_way_back_is_told_as_one_writes_it_in_the_country_and_abroad(house: House) -> None:
    house.deliver()
    at_home = house.mails("label")[-1]
    [told] = re.findall(r"^Dirección de devolución: (.+?)\r?$", at_home.text, re.MULTILINE)
    assert told.endswith("1, 28013 Madrid")
    assert "Calle Mayor 1 · 28013 Madrid · España" in at_home.text
    page = house.client.get(house.link("label", "r")).text
    assert re.search(r"28013 Madrid</address>", page)
    house.deliver(email="joao@example.com", country="BR", first_name="João")
    abroad = {"woocommerce": ", 28013 Madrid, ESPANHA", "shopify": ", 28013 Madrid"}  # there everybody lives in Spain
    [told] = re.findall(r"^Endereço de devolução: (.+?)\r?$", house.mails("label")[-1].text, re.MULTILINE)
    assert told.endswith(abroad[house.side.platform])


def test_a_return_is_kept_answered_and_told_to_the_owner(house: House) -> None:
    [(first, _), *_] = items(house, house.deliver())
    answer = house.client.post(house.link("label", "r"), data=FORM | {f"item-{first}": "1"})
    assert answer.status_code == 200
    house.run()
    [row] = house.rows(ReturnRow)
    assert (row.reason, row.wish, row.text) == ("too_small", "exchange", "Me aprieta un poco")
    assert row.items == {"quantities": {first: 1}}
    assert row.number in answer.text
    assert row.number in house.mails("return_ack")[0].text
    assert row.number in house.mails("owner_return")[0].text
    assert [note.to_state for note in house.rows(HistoryRow) if note.subject == row.id] == ["announced"]


def test_sent_twice_it_is_one_return_and_sent_again_it_is_changed(house: House) -> None:
    [(first, _), (second, many), *_] = items(house, house.deliver())
    path = house.link("label", "r")
    for form in ({f"item-{first}": "1"}, {f"item-{first}": "1"}, {f"item-{second}": str(many)}):
        assert house.client.post(path, data=FORM | form).status_code == 200
        house.run()
    [row] = house.rows(ReturnRow)
    assert row.items == {"quantities": {second: many}}
    assert len(house.mails("return_ack")) == len(house.mails("owner_return")) == 1


def test_words_that_are_too_many_are_told_beside_the_box_and_not_cut(house: House) -> None:
    [(first, _), *_] = items(house, house.deliver())
    page = house.client.post(house.link("label", "r"), data=FORM | {f"item-{first}": "1", "text": "x" * 2001})
    assert page.status_code == 400
    assert "2000" in page.text
    assert house.rows(ReturnRow) == []


def test_nobody_has_to_say_why_she_sends_it_back(house: House) -> None:
    [(first, _), *_] = items(house, house.deliver())
    path = house.link("label", "r")
    page = house.client.get(path).text
    assert "opcional" in page[page.index("Por qué") :][:80]
    assert not [field for field in page.split("<input") if 'name="reason"' in field and "required" in field]
    answer = house.client.post(path, data={"wish": "refund", f"item-{first}": "1"})
    assert answer.status_code == 200
    house.run()
    [row] = house.rows(ReturnRow)
    assert (row.reason, row.wish) == ("", "refund")
    for kind in ("return_ack", "owner_return"):
        assert "Motivo" not in house.mails(kind)[0].text


@pytest.mark.parametrize("quantity", ["9999", "-1", "x", "1.5", "²", ""])
def test_what_cannot_be_sent_back_is_refused_and_keeps_nothing(house: House, quantity: str) -> None:
    [(first, _), *_] = items(house, house.deliver())
    answer = house.client.post(house.link("label", "r"), data=FORM | {f"item-{first}": quantity})
    assert answer.status_code == 400
    assert "Me aprieta un poco" in answer.text
    assert house.rows(ReturnRow) == []


def test_a_wish_that_nobody_offered_is_refused(house: House) -> None:
    [(first, _), *_] = items(house, house.deliver())
    form = FORM | {f"item-{first}": "1", "wish": "everything"}
    assert house.client.post(house.link("label", "r"), data=form).status_code == 400
    assert house.rows(ReturnRow) == []


def test_her_label_is_the_one_that_was_mailed(house: House) -> None:
    house.deliver()
    [label] = house.rows(LabelRow)
    answer = house.client.get(f"{house.link('label', 'r')}/label.pdf")
    assert answer.status_code == 200
    assert label.pdf
    assert answer.data == house.services.vault.open_bytes(label.pdf)
    assert f"{label.reference}.pdf" in answer.headers["Content-Disposition"]
    assert len(house.rows(LabelRow)) == 1
