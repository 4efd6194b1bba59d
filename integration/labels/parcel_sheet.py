"""The part below the cut line, put into the parcel: what comes back, why, and how to send it."""

from __future__ import annotations

from collections.abc import Mapping

from integration.domain.labels import LabelRequest
from integration.labels.fonts import printable, text_width
from integration.labels.items_table import TICK, draw_items
from integration.labels.page import FAINT, HEIGHT, INK, POINTS, SOFT, Box, Page, shortened
from integration.labels.words import REASONS, STEPS

LEFT, RIGHT = 14.0, 196.0
CUT = 134.0
ITEMS = Box(LEFT, 186, RIGHT - LEFT, 61)


def draw_sheet(page: Page, request: LabelRequest, words: Mapping[str, str]) -> None:
    """Cut line and everything below it; `words` are printable."""
    _cut_line(page, words["cut"])
    page.text(LEFT, 149, shortened(words["title"], 16, 100, bold=True), 16, bold=True)
    page.text(LEFT, 155, shortened(printable(request.shop_name), 9, 100), 9, grey=SOFT)
    order = words["order"].replace("{order}", printable(request.order_number, 60))
    page.right(RIGHT, 149, shortened(order, 11, 75), 11)
    page.right(RIGHT, 155, shortened(printable(request.reference, 60), 9, 75), 9, grey=SOFT)
    _steps(page, words)
    draw_items(page, ITEMS, request.items, words)
    _reasons(page, words)
    _closing(page, request.link, words)


def _cut_line(page: Page, caption: str) -> None:
    page.rule(4, 206, CUT, grey=0.5, dash=(3, 3))
    _scissors(page, 8, CUT)
    page.middle(105, CUT + 4, shortened(caption, 7, 180), 7, grey=SOFT)


def _scissors(page: Page, x: float, y: float) -> None:
    """Two blades and two rings, open to the right; drawn, since the font has no such sign."""
    canvas, points = page.canvas, POINTS
    page.pen(0.3, 0.9)
    base = (HEIGHT - y) * points
    for side in (1, -1):
        canvas.circle((x + 1) * points, base + side * 1.5 * points, 0.85 * points)
        canvas.line((x + 1.7) * points, base + side * 1.1 * points, (x + 7) * points, base - side * 1.4 * points)


def _steps(page: Page, words: Mapping[str, str]) -> None:
    column = (RIGHT - LEFT) / len(STEPS)
    for place, name in enumerate(STEPS):
        x = LEFT + place * column
        page.pen(INK, 0.8)
        page.canvas.circle((x + 3) * POINTS, (HEIGHT - 165.5) * POINTS, 2.8 * POINTS)
        page.middle(x + 3, 166.7, str(place + 1), 9, bold=True)
        page.block(Box(x + 8, 162, column - 12, 15.5), [words[name]], (8.5, 6))


def _reasons(page: Page, words: Mapping[str, str]) -> None:
    page.text(LEFT, 254, shortened(words["reasons"], 9.5, 150, bold=True), 9.5, bold=True)
    column = (RIGHT - LEFT) / 3
    for place, name in enumerate(REASONS):
        x, y = LEFT + place % 3 * column, 257.5 + place // 3 * 6.5
        page.frame(Box(x + 1, y, TICK, TICK), grey=SOFT)
        text = shortened(words[name], 8.5, column - 10)
        page.text(x + 8, y + 2.7, text, 8.5)
    _write_here(page, column, 257.5 + 6.5 + 2.7, words[REASONS[-1]])


def _write_here(page: Page, column: float, y: float, other: str) -> None:
    """A line to write on behind the last reason, as far as it leaves room."""
    start = LEFT + 2 * column + 9 + text_width(shortened(other, 8.5, column - 10), 8.5) / POINTS
    if start < RIGHT - 10:
        page.rule(start, RIGHT, y + 0.5, grey=0.5)


def _closing(page: Page, link: str, words: Mapping[str, str]) -> None:
    page.rule(LEFT, RIGHT, 272, grey=FAINT)
    page.block(Box(LEFT, 273, RIGHT - LEFT, 8.5), [words["not_postage"]], (8, 6))
    page.text(LEFT, 286, shortened(f"{words['page']}: {printable(link, 400)}", 8, RIGHT - LEFT), 8, grey=SOFT)
