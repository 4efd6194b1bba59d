"""The bundled font (Noto Sans: Latin, Greek, Cyrillic) and what it can print."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import as_file, files
from unicodedata import category, normalize

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "PostventaSans"
BOLD = "PostventaSans-Bold"
REPLACEMENT = "\ufffd"


@cache
def printable_signs() -> frozenset[str]:
    """Register both weights once per process; the signs that both can print."""
    folder = files("integration.labels") / "fonts"
    signs = [_register(folder / "NotoSans-Regular.ttf", REGULAR), _register(folder / "NotoSans-Bold.ttf", BOLD)]
    return frozenset(sign for sign in signs[0] & signs[1] if category(sign) not in ("Cc", "Cf"))


def _register(file: object, name: str) -> set[str]:
    with as_file(file) as path:  # type: ignore[arg-type]
        font = TTFont(name, str(path), asciiReadable=False)
    pdfmetrics.registerFont(font)
    return {chr(code) for code in font.face.charToGlyph}


def printable(text: str, limit: int = 240) -> str:
    """One line of at most `limit` signs that the font can print; runs of others (emoji, CJK) become one U+FFFD."""
    line = " ".join(normalize("NFC", text[: 4 * limit]).split())
    signs = printable_signs()
    if not signs.issuperset(line):
        line = _replaced(line, signs)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _replaced(line: str, signs: frozenset[str]) -> str:
    kept: list[str] = []
    for sign in line:
        if sign in signs:
            kept.append(sign)
        elif category(sign) not in ("Cc", "Cf", "Mn", "Me"):  # invisible or part of the sign before it
            plain = normalize("NFKC", sign)  # a full-width or ornamental letter has a plain one
            kept.append(plain if signs.issuperset(plain) else REPLACEMENT)
    while REPLACEMENT * 2 in (line := "".join(kept)):
        kept = [line.replace(REPLACEMENT * 2, REPLACEMENT)]
    return " ".join(line.split())


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in points of a printable text at `size` points."""
    return _width(text, bold=bold) * size


@lru_cache(maxsize=4096)  # most of a slip are the same words on each
def _width(text: str, *, bold: bool) -> float:
    return float(pdfmetrics.stringWidth(text, BOLD if bold else REGULAR, 1))
