"""`labels add` and the carrier `prepaid`: every uploaded PDF goes out once, and the owner hears how many are left."""

from __future__ import annotations

from pathlib import Path

from integration.db.tables import LabelRow, MailRow, StockLabel
from tests.cli.conftest import Postventa
from tests.flows.house import House


def uploaded(postventa: Postventa, house: House, *numbers: int) -> str:
    """Labels that the carrier issued, given to Postventa; what it says."""
    (house.folder / "policy.toml").write_text('carrier = "prepaid"\n', "utf-8")
    assert postventa("policy", "set", "Mia Moda", "--file", "policy.toml").code == 0
    for number in numbers:
        Path(f"{number}.pdf").write_bytes(pdf(number))
    ended = postventa("labels", "add", "Mia Moda", *(f"{number}.pdf" for number in numbers))
    assert ended.code == 0, ended.err
    return ended.out


def pdf(number: int) -> bytes:
    """A label as a carrier would issue it."""
    return b"%PDF-1.7\n" + str(number).encode() + b"\n%%EOF\n"


def sent(house: House) -> list[bytes]:
    """The PDFs that left, oldest first."""
    return [content for mail in house.mails("label") for content in mail.attachments.values()]


def warnings(house: House) -> list[str]:
    """What the owner was told, in one line each."""
    return [" ".join(mail.text.split()) for mail in house.mails("owner_notice")]


def test_each_label_goes_out_once_in_the_order_of_upload(postventa: Postventa, house: House) -> None:
    assert "3" in uploaded(postventa, house, 1, 2, 3)
    for _ in range(3):
        house.deliver()
    assert sorted(sent(house)) == [pdf(1), pdf(2), pdf(3)]
    assert all(row.label_id for row in house.rows(StockLabel))
    assert {(row.carrier, row.postage_paid) for row in house.rows(LabelRow)} == {("prepaid", True)}


def test_the_owner_hears_when_few_are_left_and_when_none_is(postventa: Postventa, house: House) -> None:
    uploaded(postventa, house, *range(5))
    house.deliver()
    assert warnings(house) == []
    house.deliver()
    assert any("3 etiquetas" in said for said in warnings(house))
    for _ in range(3):
        house.deliver()
    waiting = [row for row in house.rows(MailRow) if row.kind == "owner_notice" and row.state == "queued"]
    assert [row.context["params"]["left"] for row in waiting] == ["0"]  # of one cause, told together some hours later


def test_without_a_label_the_mail_goes_out_with_its_link_and_the_owner_hears(
    postventa: Postventa, house: House
) -> None:
    uploaded(postventa, house, 1)
    house.deliver()
    house.deliver()
    assert len(house.mails("label")) == 2
    assert sent(house) == [pdf(1)]
    assert "/r/" in house.mails("label")[-1].text
    assert any("postventa labels add" in said for said in warnings(house))


def test_new_labels_are_handed_out_again_after_none_was_left(postventa: Postventa, house: House) -> None:
    uploaded(postventa, house, 1)
    house.deliver()
    house.deliver()
    Path("9.pdf").write_bytes(pdf(9))
    assert postventa("labels", "add", "Mia Moda", "9.pdf").code == 0
    answer = house.client.post(f"{house.link('label', 'r')}/label.pdf", data={"make": "1"})
    assert (answer.status_code, answer.data) == (200, pdf(9))


def test_a_label_is_not_kept_twice_and_what_is_no_pdf_not_at_all(postventa: Postventa, house: House) -> None:
    uploaded(postventa, house, 1)
    ended = postventa("labels", "add", "Mia Moda", "1.pdf")
    assert (ended.code, ended.out) == (1, "")
    assert "1.pdf" in ended.err
    Path("2.pdf").write_bytes(pdf(2))
    Path("photo.pdf").write_bytes(b"\xff\xd8\xff a photo")
    ended = postventa("labels", "add", "Mia Moda", "2.pdf", "photo.pdf")
    assert (ended.code, ended.out) == (1, "")
    assert "photo.pdf" in ended.err
    assert len(house.rows(StockLabel)) == 1


def test_the_same_order_keeps_its_label_however_often_it_is_asked_for(postventa: Postventa, house: House) -> None:
    uploaded(postventa, house, 1, 2)
    ref = house.deliver()
    house.post(*house.side.arrive(ref))
    house.run()
    path = f"{house.link('label', 'r')}/label.pdf"
    assert {house.client.get(path).data for _ in range(3)} == {pdf(1)}
    assert [row.label_id is not None for row in house.rows(StockLabel)].count(True) == 1
