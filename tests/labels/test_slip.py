"""A shopper prints the slip at home: it reads, fits, and tells the truth."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import carrier
from connectors.http import Http, HttpLimits
from integration.domain.facts import Address, Item
from integration.i18n import LANGUAGES, Words
from integration.labels.address_label import BARS, LARGEST_BAR, SMALLEST_BAR, STAMP
from integration.labels.barcode import CODE128_QUIET, code128
from integration.labels.slip import draw_slip
from integration.labels.words import WORDS, slip_words
from tests.labels.slips import (
    LINK,
    MIA,
    SAM,
    codes,
    item,
    pages,
    paper,
    placed_words,
    poppler,
    slip_request,
    text,
    varied,
)

SIXTY = "Avenida Libertador General Bernardo O'Higgins 1449, piso 14"
UNBROKEN = "CalleSinNingúnEspacioQueNoSePuedePartirPorNingunaParte12345"


@pytest.mark.parametrize("dpi", [100, 150, 203])
def test_a_reader_finds_link_and_number_at_every_resolution(dpi: int) -> None:
    assert codes(draw_slip(slip_request()), dpi) == {"QRCode": LINK, "Code128": "R-7K3QXM"}


@pytest.mark.parametrize("turn", [3, 90, 180])
def test_a_reader_finds_both_on_a_crooked_parcel(turn: float) -> None:
    assert codes(draw_slip(slip_request()), 203, turn) == {"QRCode": LINK, "Code128": "R-7K3QXM"}


@pytest.mark.parametrize(
    ("kind", "modules", "quiet", "sides"),
    [("QR Code", 37, 4, "left top right bottom"), ("Code 128", 123, 10, "left right")],
)
def test_the_quiet_zones_are_white(kind: str, modules: int, quiet: int, sides: str) -> None:
    image = paper(draw_slip(slip_request()), 600)
    [code] = [found for found in zxingcpp.read_barcodes(image) if str(found.format) == kind]
    left, top = code.position.top_left.x, code.position.top_left.y
    right, bottom = code.position.bottom_right.x, code.position.bottom_right.y
    zone, edge = round((right - left) / modules * quiet), 4  # pixels; the edge itself is anti-aliased
    around = {
        "left": (left - zone, top, left - edge, bottom),
        "right": (right + edge, top, right + zone, bottom),
        "top": (left, top - zone, right, top - edge),
        "bottom": (left, bottom + edge, right, bottom + zone),
    }
    for side in sides.split():
        assert image.crop(around[side]).getextrema() == (255, 255), side


@pytest.mark.parametrize("letters", [1, 8, 26])
def test_no_bar_is_thinner_than_a_home_printer_can_keep_apart(letters: int) -> None:
    row = code128("R" * letters, 400)
    assert row is not None
    assert min(BARS.width / (len(row[0]) + 2 * CODE128_QUIET), LARGEST_BAR) >= SMALLEST_BAR


def test_a_long_link_is_still_read() -> None:
    link = "https://postventa.tienda-de-articulos-para-el-hogar.example/es/posventa/" + LINK[-24:]
    assert codes(draw_slip(slip_request(link=link)), 150)["QRCode"] == link


def test_a_link_too_long_for_a_readable_qr_is_printed_as_text() -> None:
    pdf = draw_slip(slip_request(link="https://x.example/" + "a" * 3000))
    assert "QRCode" not in codes(pdf, 150)
    assert "https://x.example/aaaa" in text(pdf)


@pytest.mark.parametrize("reference", ["Ñ-7K3QXM", "R" * 60])
def test_a_reference_that_no_bars_can_carry_is_printed_as_text(reference: str) -> None:
    pdf = draw_slip(slip_request(reference=reference))
    assert "Code128" not in codes(pdf, 150)
    assert reference[:20] in text(pdf)


def test_letters_of_our_customers_can_be_read_and_copied() -> None:
    sender = replace(SAM, name="Ñandú Ibáñez Łukasz Ωmega Žижка ș")
    said = text(draw_slip(slip_request(sender=sender)))
    for part in ("Ñandú Ibáñez Łukasz Ωmega Žижка ș", "3.º B", "á la carte, 20 €", "«Ñandú»", "TAZA-01"):
        assert part in said


def test_markup_in_names_stays_text() -> None:
    said = text(
        draw_slip(slip_request(sender=replace(SAM, name="<b>Eve</b> &amp; <script>"), items=(item("<i>x</i>"),)))
    )
    assert "<b>Eve</b> &amp; <script>" in said
    assert "<i>x</i>" in said


def test_signs_that_the_font_lacks_become_one_replacement_and_nothing_else_is_lost() -> None:
    said = text(draw_slip(slip_request(sender=replace(SAM, name="Sam 王小明 🌸👩\u200d👧 \ud800 Peña"))))
    assert "Sam \ufffd \ufffd \ufffd Peña" in said
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "Wide")
    assert "Wide" in text(draw_slip(slip_request(shop_name=wide)))


@pytest.mark.parametrize("street", [SIXTY, UNBROKEN, "W" * 60, "ñ" * 240])
def test_a_long_street_never_reaches_the_codes(street: str) -> None:
    address = Address(street, street, street, street, street, street, street[:9], "CL")
    pdf = draw_slip(slip_request(sender=address, return_address=replace(address, country="ES")))
    above = [word for word in placed_words(pdf) if word.bottom < 99 and word.left < STAMP.x - 10]
    assert len(above) > 10
    assert max(word.right for word in above) < STAMP.x - 10
    assert codes(pdf, 150) == {"QRCode": LINK, "Code128": "R-7K3QXM"}


def test_no_line_of_an_address_is_lost_to_sixty_signs_each() -> None:
    address = Address(SIXTY, SIXTY[::-1], UNBROKEN, "Torre Norte", "Santiago", "Región Metropolitana", "8320000", "CL")
    said = text(draw_slip(slip_request(return_address=address)))
    joined = re.sub(r"\s+", "", said)
    for line in (*address.lines, "CHILE"):
        assert line.replace(" ", "") in joined


def test_the_country_is_named_in_the_readers_language_and_only_across_a_border() -> None:
    assert "ESPAÑA" not in text(draw_slip(slip_request()))
    abroad = text(draw_slip(slip_request("en", sender=replace(SAM, country="DE"))))
    assert "GERMANY" in abroad
    assert "SPAIN" in abroad
    assert "QQ" in text(draw_slip(slip_request(sender=replace(SAM, country="QQ"))))


def test_every_word_lies_on_the_page() -> None:
    items = tuple(item("Una cosa con un nombre largo " * 5, 10**9, "SKU-" * 20) for _ in range(9))
    loud = dict.fromkeys(WORDS, "Palabras " * 40)
    for request in (slip_request(items=items), slip_request(words=loud), slip_request(words=loud, items=items * 4)):
        words = placed_words(draw_slip(request))
        assert min(word.left for word in words) > 12
        assert max(word.right for word in words) < 198
        assert max(word.bottom for word in words) < 290


def test_thirty_items_are_all_on_the_one_page() -> None:
    pdf = draw_slip(slip_request(items=tuple(item(f"Taza{n}", n + 100, f"T{n}") for n in range(30))))
    said = text(pdf).split()
    assert pages(pdf) == 1
    assert all(f"Taza{n}" in said and str(n + 100) in said for n in range(30))


def test_items_beyond_the_page_are_counted() -> None:
    said = text(draw_slip(slip_request("en", items=tuple(item(f"Cup {n}") for n in range(100)))))
    shown = sum(f"Cup {n} " in said + " " for n in range(100))
    left = re.search(r"… and (\d+) more", said)
    assert left is not None
    assert int(left[1]) + shown == 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_slip_speaks_the_shoppers_language(language: str) -> None:
    words = Words(language)
    pdf = draw_slip(slip_request(language))
    said = " ".join(text(pdf).split())
    for name in ("title", "stamp", "reasons", "reason_damaged", "page"):
        assert words(f"label.slip.{name}") in said
    assert words("label.slip.order", order="1042") in said
    assert f"/Lang ({words.tag})".encode() in pdf


@pytest.mark.parametrize(
    ("language", "claim"),
    [("es", "no es un envío pagado"), ("en", "is not paid postage"), ("pt_BR", "não é um frete pago")],
)
def test_the_slip_says_that_it_is_not_paid_postage(language: str, claim: str) -> None:
    assert claim in " ".join(text(draw_slip(slip_request(language))).split())


def test_the_demo_carrier_stamps_its_label_demo() -> None:
    label = carrier("demo")({}, Http(HttpLimits()), draw_slip).create_return(slip_request(), iter(()))
    said = text(label.pdf)
    assert "DEMO" in said
    assert "franqueo" not in said


def test_the_words_are_those_of_the_catalogue() -> None:
    assert set(slip_words(Words("es"))) == set(WORDS)


def test_the_file_introduces_itself() -> None:
    about = poppler("pdfinfo", "-", pdf=draw_slip(slip_request())).decode()
    assert re.search(r"Title: +Hoja de devolución R-7K3QXM", about)
    assert re.search(r"Author: +Casa Mia", about)
    assert re.search(r"Page size: +59\d.* \(A4\)", about)
    assert "untitled" not in about
    assert "anonymous" not in about


def test_the_qr_is_a_link_for_those_who_read_on_a_screen() -> None:
    assert LINK.encode() in draw_slip(slip_request())
    assert b"/URI" not in draw_slip(slip_request(link="javascript:alert(1)"))


def test_the_same_request_gives_the_same_bytes() -> None:
    assert draw_slip(slip_request()) == draw_slip(slip_request())
    assert draw_slip(slip_request()) != draw_slip(slip_request(reference="R-7K3QXN"))


def test_slips_drawn_at_the_same_time_do_not_mix() -> None:
    # accented letters are composed of parts, and looking those up is where two drawings would meet
    accents = "".join(map(chr, range(0xC0, 0x17F)))
    requests = [replace(request, shop_name=accents[number:]) for number, request in enumerate(varied(60))]
    alone = [draw_slip(request) for request in requests]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(draw_slip, requests)) == alone
    finally:
        sys.setswitchinterval(usual)


def test_a_shop_with_no_name_on_its_address_is_named() -> None:
    assert "Casa Mia" in text(draw_slip(slip_request(return_address=replace(MIA, name=""))))
    twice = text(draw_slip(slip_request(shop_name="Otra Tienda")))
    assert "Otra Tienda" in twice
    assert "Casa Mia" in twice


anything = st.text(st.characters(), max_size=300)
addresses = st.builds(Address, *[anything] * 8)
items = st.lists(st.builds(Item, anything, anything, st.integers(), st.just(item("x").price), anything), max_size=45)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    anything,
    anything,
    addresses,
    addresses,
    items,
    anything,
    anything,
    st.fixed_dictionaries(dict.fromkeys(WORDS, anything)),
)
def test_any_text_in_any_field_gives_one_page(
    reference: str,
    shop: str,
    to: Address,
    sender: Address,
    things: list[Item],
    link: str,
    locale: str,
    words: dict[str, str],
) -> None:
    pdf = draw_slip(
        slip_request(
            reference=reference,
            order_number=shop[::-1],
            shop_name=shop,
            return_address=to,
            sender=sender,
            items=tuple(things),
            link=link,
            locale=locale,
            words=words,
        )
    )
    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == 1
