"""Labels that a carrier issued and the owner uploaded: each handed out once, with a warning before they run out."""

from __future__ import annotations

import threading

import pytest

from integration.db.queries import shops
from integration.db.tables import LabelRow, StockLabel
from integration.domain.errors import Conflict, Permanent
from integration.flows import labels, returns
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


def upload(house: House, *pdfs: bytes) -> None:
    with house.services.db.writing() as session:
        for pdf in pdfs:
            labels.add_stock(session, shops.shop(session, house.shop_id), pdf, "label.pdf", house.clock.now)


def paid(number: int) -> bytes:
    return b"%%PDF-1.4 paid %d" % number


def test_each_uploaded_label_is_mailed_to_one_shopper(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid")
    upload(house, paid(1), paid(2))
    house.deliver(email="sam@example.com")
    house.deliver(email="lou@example.com")
    sent = [pdf for mail in house.mails("label") for pdf in mail.attachments.values()]
    assert sorted(sent) == [paid(1), paid(2)]
    assert all(row.postage_paid for row in house.rows(LabelRow))


def test_the_owner_hears_how_many_are_left(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid")
    upload(house, paid(1), paid(2))
    house.deliver()
    [notice] = house.mails("owner_notice")
    assert "1" in notice.text


def test_without_a_label_left_the_mail_goes_out_without_one_and_the_owner_is_told(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid")
    house.deliver()
    [mail] = house.mails("label")
    assert mail.attachments == {}
    assert "label.pdf" not in mail.text  # nor a link to make one
    assert len(house.mails("owner_notice")) == 1
    page = house.client.post(f"{house.link('label', 'r')}/label.pdf", data={"action": "label"}, follow_redirects=True)
    assert page.status_code == 200
    assert "Escríbenos antes de enviar nada" in page.text


def test_a_label_that_is_made_on_request_is_told_as_the_paid_one_it_will_be(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid", label="on_request")
    upload(house, paid(1))
    house.deliver()
    [mail] = house.mails("label")
    assert "El envío de vuelta ya está pagado." in mail.text
    assert "Llévalo a Correos o al transportista que prefieras." in mail.text


def test_the_same_label_again_is_the_same_pdf(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid")
    upload(house, paid(1), paid(2))
    house.deliver()
    [row] = house.rows(LabelRow)
    again = labels.make(house.services, house.shop_id, row.order_id, row.subject)
    assert again.pdf == row.pdf
    assert sum(1 for stock in house.rows(StockLabel) if stock.label_id) == 1


def test_two_at_once_never_get_the_same_label(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid", label="on_request")
    for buyer in range(6):
        house.deliver(email=f"sam{buyer}@example.com")
    upload(house, *(paid(number) for number in range(6)))
    tokens = [mail.link("r").rpartition("/")[2] for mail in house.mails("label")]
    threads = [threading.Thread(target=returns.label_pdf, args=(house.services, token)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = house.services.vault.open_bytes
    given = [opened(row.pdf) for row in house.rows(LabelRow) if row.pdf]
    assert len(given) == len(set(given)) == 6


def test_an_upload_must_be_a_pdf_and_new(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", carrier="prepaid")
    upload(house, paid(1))
    with pytest.raises(Conflict):
        upload(house, paid(1))
    with pytest.raises(Permanent):
        upload(house, b"GIF89a")
