"""The part above the cut line, glued on the parcel: from, to, number, Code 128, QR, room for postage."""

from __future__ import annotations

from collections.abc import Mapping

from integration.domain.facts import Address
from integration.domain.labels import LabelRequest
from integration.i18n import Words, closest_language
from integration.labels.barcode import CODE128_QUIET, QR_QUIET, code128, qr
from integration.labels.fonts import printable
from integration.labels.page import SOFT, Box, Page, shortened

FRAME = Box(14, 12, 182, 112)
SENDER = Box(21, 25, 112, 22)
RECEIVER = Box(21, 58, 112, 35)
STAMP = Box(146, 19, 43, 24)
QR_SIDE = 43.0
SMALLEST_QR_MODULE = 0.42
BARS = Box(93, 103, 96, 15)
SMALLEST_BAR, LARGEST_BAR = 0.25, 0.5  # X-dimension: 0.25 mm is the least that a home printer keeps apart


def draw_label(page: Page, request: LabelRequest, words: Mapping[str, str]) -> None:
    """Everything in the upper frame; `words` are printable."""
    page.frame(FRAME, radius=3)
    page.text(SENDER.x, 22.5, shortened(words["from"], 8, SENDER.width), 8, grey=SOFT)
    page.block(SENDER, _lines(request.sender, request.locale, request.return_address.country), (9.5, 6))
    page.text(RECEIVER.x, 55, shortened(words["to"], 8, RECEIVER.width), 8, grey=SOFT)
    page.block(RECEIVER, _receiver(request), (15, 7.5), bold_first=True)
    _stamp(page, words)
    _qr(page, request.link, words["scan"])
    page.rule(SENDER.x, STAMP.x + STAMP.width, 99)
    page.text(SENDER.x, 105.5, shortened(words["number"], 8, 68), 8, grey=SOFT)
    page.block(Box(SENDER.x, 107, 68, 11), [printable(request.reference, 60)], (23, 8), bold_first=True)
    _bars(page, request.reference)


def _receiver(request: LabelRequest) -> list[str]:
    shop = printable(request.shop_name)
    lines = _lines(request.return_address, request.locale, request.sender.country)
    return lines if shop in lines or not shop else [shop, *lines]


def _lines(address: Address, locale: str, home: str) -> list[str]:
    lines = Words(closest_language(locale)).envelope(address, home)
    return [line for line in map(printable, lines) if line]


def _stamp(page: Page, words: Mapping[str, str]) -> None:
    page.frame(STAMP, radius=1.5, dash=(2, 2))
    inside = Box(STAMP.x + 3, STAMP.y + 3, STAMP.width - 6, 9)
    below = page.block(inside, [words["stamp"]], (9.5, 7), bold_first=True, centred=True)
    rest = Box(inside.x, below + 1, inside.width, STAMP.y + STAMP.height - below - 2.5)
    page.block(rest, [words["stamp_hint"]], (7, 5.5), grey=SOFT, centred=True)


def _qr(page: Page, link: str, caption: str) -> None:
    rows = qr(link, int(QR_SIDE / SMALLEST_QR_MODULE) - 2 * QR_QUIET)
    if rows is None:
        return
    module = QR_SIDE / (len(rows) + 2 * QR_QUIET)
    top = STAMP.y + STAMP.height + 3
    page.modules(STAMP.x + QR_QUIET * module, top + QR_QUIET * module, module, rows, module)
    page.block(Box(STAMP.x, top + QR_SIDE, QR_SIDE, 8), [caption], (7.5, 6), grey=SOFT, centred=True)
    if link.startswith(("https://", "http://")) and link.isascii() and link.isprintable():
        page.link(Box(STAMP.x, top, QR_SIDE, QR_SIDE), link)


def _bars(page: Page, reference: str) -> None:
    rows = code128(reference, int(BARS.width / SMALLEST_BAR) - 2 * CODE128_QUIET)
    if rows is None:
        page.text(BARS.x, BARS.y + 10, shortened(printable(reference), 8, BARS.width), 8, grey=SOFT)
        return
    bar = min(BARS.width / (len(rows[0]) + 2 * CODE128_QUIET), LARGEST_BAR)
    left = BARS.x + BARS.width - len(rows[0]) * bar  # behind it, up to the frame, are 7 mm of quiet zone
    page.modules(left, BARS.y, bar, rows, BARS.height)
