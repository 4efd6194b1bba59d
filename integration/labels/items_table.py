"""The table of ordered items with a box to tick: one column of rows, two small ones for a long order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integration.domain.facts import Item
from integration.labels.fonts import printable
from integration.labels.page import POINTS, SOFT, Box, Page, fit, shortened

TICK = 3.2  # side of a box to tick
MOST = 60  # items looked at; no layout holds more
GAP = 8.0
MORE_LINE = 5.0


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows are set: `size` in points, `lines` a name may take, `air` between rows in millimetres."""

    columns: int
    size: float
    lines: int
    air: float

    @property
    def line(self) -> float:
        """Baseline to baseline in millimetres."""
        return self.size * 1.25 / POINTS


LAYOUTS = (Layout(1, 9, 2, 2.3), Layout(1, 8, 2, 1.6), Layout(2, 7, 1, 0.75))


@dataclass(frozen=True, slots=True)
class Row:
    """The lines of one name and where they go, relative to the table."""

    column: int
    y: float
    height: float
    name: tuple[str, ...]


def draw_items(page: Page, table: Box, items: Sequence[Item], words: Mapping[str, str]) -> None:
    """Heading and as many rows as the table holds; the rest is counted in a last line."""
    page.text(table.x, table.y - 1.8, shortened(words["items"], 9.5, 100, bold=True), 9.5, bold=True)
    names = [printable(item.name) or "-" for item in items[:MOST]]
    layout, rows = _laid_out(names, table, len(items))
    if layout.columns == 1:
        _column_heads(page, table, words)
    page.rule(table.x, table.x + table.width, table.y)
    for item, row in zip(items, rows, strict=False):
        _draw_row(page, table, layout, item, row)
    if len(rows) < len(items):
        more = words["more"].replace("{n}", str(len(items) - len(rows)))
        page.text(table.x + 8, table.y + table.height - 1, shortened(more, 8, table.width - 8), 8, grey=SOFT)


def _laid_out(names: Sequence[str], table: Box, count: int) -> tuple[Layout, list[Row]]:
    """The first layout that holds all names; else the last one, with room for the line that counts the rest."""
    for layout in LAYOUTS:
        rows = _rows(names, layout, table.width, table.height)
        if len(rows) == count:
            return layout, rows
    return layout, _rows(names, layout, table.width, table.height - MORE_LINE)


def _rows(names: Sequence[str], layout: Layout, width: float, room: float) -> list[Row]:
    rows: list[Row] = []
    column, y = 0, 0.0
    box = Box(0, 0, _column_width(width, layout) * 0.66 - 8, layout.lines * layout.size * 1.3 / POINTS)
    for name in names:
        lines = tuple(line for line, _ in fit([name], box, (layout.size, layout.size))[1])
        height = layout.line * len(lines) + layout.air
        if y + height > room:
            column, y = column + 1, 0.0
        if column == layout.columns:
            break
        rows.append(Row(column, y, height, lines))
        y += height
    return rows


def _column_width(width: float, layout: Layout) -> float:
    return (width - GAP * (layout.columns - 1)) / layout.columns


def _column_heads(page: Page, table: Box, words: Mapping[str, str]) -> None:
    sku = shortened(words["sku"], 7.5, table.width * 0.23)
    page.text(table.x + table.width * 0.67, table.y - 1.8, sku, 7.5, grey=SOFT)
    page.right(table.x + table.width, table.y - 1.8, shortened(words["quantity"], 7.5, 16), 7.5, grey=SOFT)


def _draw_row(page: Page, table: Box, layout: Layout, item: Item, row: Row) -> None:
    width, size = _column_width(table.width, layout), layout.size
    x, y = table.x + row.column * (width + GAP), table.y + row.y
    baseline = y + layout.air / 2 + layout.line / 2 + size * 0.36 / POINTS
    tick = min(TICK, layout.line * 0.85)
    page.frame(Box(x + 1, y + (layout.line + layout.air - tick) / 2, tick, tick), grey=SOFT)
    for place, text in enumerate(row.name):
        page.text(x + 8, baseline + place * layout.line, text, size)
    page.text(x + width * 0.67, baseline, shortened(printable(item.sku), size, width * 0.23), size, grey=SOFT)
    page.right(x + width, baseline, shortened(str(item.quantity), size, width * 0.09), size)
    page.rule(x, x + width, y + row.height, grey=0.88)
