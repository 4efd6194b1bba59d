"""Label requests of Sam, who sends something back to Mia, and the slip as paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from integration.domain.facts import Address, Item
from integration.domain.labels import LabelRequest
from integration.domain.money import Money
from integration.i18n import Words
from integration.labels.words import slip_words

LINK = "https://postventa.casamia.example/r/aB3dE5gH7jK9mN1pQ3sT5v"
MIA = Address(name="Casa Mia", street="Calle del Olmo 12", city="Valencia", postcode="46003", country="ES")
SAM = Address(name="Sam Peña", street="Gran Vía 28, 3.º B", city="Madrid", postcode="28013", country="ES")


def item(name: str, quantity: int = 1, sku: str = "") -> Item:
    return Item(ref="1", name=name, quantity=quantity, price=Money.of("12.50", "EUR"), sku=sku)


def slip_request(language: str = "es", **changes: Any) -> LabelRequest:
    values: dict[str, Any] = {
        "reference": "R-7K3QXM",
        "order_number": "1042",
        "shop_name": "Casa Mia",
        "return_address": MIA,
        "sender": SAM,
        "items": (item("Taza de cerámica «Ñandú»", 2, "TAZA-01"), item("Delantal á la carte, 20 €")),
        "link": LINK,
        "locale": language,
        "words": slip_words(Words(language)),
        "created_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
    }
    return LabelRequest(**(values | changes))


def varied(count: int) -> list[LabelRequest]:
    """Requests that differ in number, address, items and language, for measuring."""
    return [
        slip_request(
            ("es", "en", "pt_BR")[number % 3],
            reference=f"R-7K3Q{number:02}",
            sender=Address(name=f"Sam {number}", street=f"Calle {number} " + "larga " * (number % 10), country="ES"),
            items=tuple(
                item(f"Artículo {place} de la serie {number}", place, f"S-{place}") for place in range(number % 13)
            ),
            link=f"{LINK[:-2]}{number:02}",
        )
        for number in range(count)
    ]


def poppler(tool: str, *arguments: str, pdf: bytes) -> bytes:
    if shutil.which(tool) is None:
        pytest.fail(f"{tool} is missing: install Debian's package poppler-utils and run the tests again", pytrace=False)
    return subprocess.run([tool, *arguments], input=pdf, capture_output=True, check=True).stdout


def paper(pdf: bytes, dpi: int) -> Image.Image:
    return Image.open(BytesIO(poppler("pdftoppm", "-r", str(dpi), "-gray", "-", pdf=pdf)))


def codes(pdf: bytes, dpi: int, turn: float = 0) -> dict[str, str]:
    """What a reader finds on the page printed at `dpi` and turned by `turn` degrees: text by kind of code."""
    found = zxingcpp.read_barcodes(paper(pdf, dpi).rotate(turn, expand=True, fillcolor=255))
    return {str(code.format).replace(" ", ""): code.text for code in found}


def text(pdf: bytes) -> str:
    return poppler("pdftotext", "-layout", "-", "-", pdf=pdf).decode()


@dataclass(frozen=True)
class Word:
    """A printed word and its place, in millimetres from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


def placed_words(pdf: bytes) -> list[Word]:
    listing = poppler("pdftotext", "-bbox", "-", "-", pdf=pdf).decode()
    found = re.findall(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', listing)
    return [Word(*(float(edge) * 25.4 / 72 for edge in edges), text=said) for *edges, said in found]


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))
