"""An A4 page in millimetres from its upper left corner: text that fits its box, lines, modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from integration.labels.barcode import Modules, dark_runs
from integration.labels.fonts import BOLD, REGULAR, text_width

HEIGHT = 297.0  # A4
POINTS = 72 / 25.4  # in a millimetre
INK, SOFT, FAINT = 0.1, 0.4, 0.75  # grey of text, captions, rules
LEADING = 1.3  # baseline to baseline, in font sizes


Dash = tuple[float, float] | None
"""Points on and off; `None` is a whole line."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in millimetres: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Page:
    """Draws on one page of `canvas`; all texts must be printable (see `fonts.printable`)."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._grey = -1.0  # of texts, as last set
        self._stroke: tuple[float, float, Dash] | None = None

    def text(self, x: float, y: float, text: str, size: float, *, bold: bool = False, grey: float = INK) -> None:
        """A line whose baseline is at `y`."""
        if grey != self._grey:
            self._grey = grey
            self.canvas.setFillGray(grey)
        self.canvas.setFont(BOLD if bold else REGULAR, size)
        self.canvas.drawString(x * POINTS, (HEIGHT - y) * POINTS, text)

    def right(self, x: float, y: float, text: str, size: float, *, bold: bool = False, grey: float = INK) -> None:
        """A line that ends at `x`."""
        self.text(x - text_width(text, size, bold=bold) / POINTS, y, text, size, bold=bold, grey=grey)

    def middle(self, x: float, y: float, text: str, size: float, *, bold: bool = False, grey: float = INK) -> None:
        """A line around `x`."""
        self.text(x - text_width(text, size, bold=bold) / POINTS / 2, y, text, size, bold=bold, grey=grey)

    def block(
        self,
        box: Box,
        paragraphs: Sequence[str],
        sizes: tuple[float, float],
        *,
        bold_first: bool = False,
        grey: float = INK,
        centred: bool = False,
    ) -> float:
        """Paragraphs in the largest of `sizes` that fits the box; what does not fit the smallest is cut with `…`.

        Returns the `y` below the last line.
        """
        size, lines = fit(paragraphs, box, sizes, bold_first=bold_first)
        y = box.y
        for line, bold in lines:
            y += size * LEADING / POINTS
            x = box.x + (box.width - text_width(line, size, bold=bold) / POINTS) / 2 if centred else box.x
            self.text(x, y - size * 0.3 / POINTS, line, size, bold=bold, grey=grey)
        return y

    def rule(self, x1: float, x2: float, y: float, *, grey: float = FAINT, dash: Dash = None) -> None:
        """A horizontal line."""
        self.pen(grey, dash=dash)
        self.canvas.line(x1 * POINTS, (HEIGHT - y) * POINTS, x2 * POINTS, (HEIGHT - y) * POINTS)

    def frame(self, box: Box, *, grey: float = FAINT, radius: float = 0, dash: Dash = None) -> None:
        """The outline of a box with round corners of `radius` millimetres."""
        self.pen(grey, dash=dash)
        lower = (HEIGHT - box.y - box.height) * POINTS
        place = (box.x * POINTS, lower, box.width * POINTS, box.height * POINTS)
        self.canvas.roundRect(*place, radius * POINTS) if radius else self.canvas.rect(*place)

    def modules(self, x: float, y: float, module: float, rows: Modules, height: float) -> None:
        """Dark modules of `module` x `height` millimetres as one filled path, so that no seam shows between them."""
        bottom = (HEIGHT - y - len(rows) * height) * POINTS
        self.canvas.saveState()
        self.canvas.setFillGray(0)
        self.canvas.transform(module * POINTS, 0, 0, height * POINTS, x * POINTS, bottom)
        levels = enumerate(reversed(rows))
        runs = [f"{start} {level} {length} 1 re" for level, row in levels for start, length in dark_runs(row)]
        self.canvas.addLiteral("\n".join([*runs, "f"]))  # whole numbers: exact, and a third of beginPath's time
        self.canvas.restoreState()

    def link(self, box: Box, url: str) -> None:
        """Make the box a link for those who read the page on a screen."""
        lower, upper = (HEIGHT - box.y - box.height) * POINTS, (HEIGHT - box.y) * POINTS
        self.canvas.linkURL(url, (box.x * POINTS, lower, (box.x + box.width) * POINTS, upper))

    def pen(self, grey: float, width: float = 0.5, dash: Dash = None) -> None:
        """How lines are drawn from now on; `width` in points."""
        if (grey, width, dash) == self._stroke:
            return
        self._stroke = (grey, width, dash)
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(width)
        self.canvas.setDash(*dash or ())


Line = tuple[str, bool]
"""A line and whether it is bold."""


def fit(
    paragraphs: Sequence[str], box: Box, sizes: tuple[float, float], *, bold_first: bool = False
) -> tuple[float, list[Line]]:
    """The size, half a point at a time, at which the wrapped paragraphs fit the box, and their lines."""
    size, smallest = sizes
    while True:
        lines = [
            (line, bold_first and place == 0)
            for place, paragraph in enumerate(paragraphs)
            for line in wrap(paragraph, size, box.width, bold=bold_first and place == 0)
        ]
        room = max(int(box.height * POINTS / (size * LEADING) + 0.01), 1)
        if len(lines) <= room:
            return size, lines
        if size <= smallest:
            return size, _cut(lines, room, size, box.width)
        size = max(size - 0.5, smallest)


def _cut(lines: list[Line], room: int, size: float, width: float) -> list[Line]:
    last, bold = lines[room - 1]
    return [*lines[: room - 1], (shortened(last + "…", size, width, bold=bold), bold)]


def shortened(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """The text, or as much of it with `…` as `width` millimetres hold."""
    if text_width(text, size, bold=bold) <= width * POINTS:
        return text
    text = text.rstrip("…")
    while text and text_width(text + "…", size, bold=bold) > width * POINTS:
        text = text[:-1].rstrip()
    return text + "…"


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Lines of at most `width` millimetres, broken at spaces, and inside words that are longer than a line."""
    if text_width(text, size, bold=bold) <= width * POINTS:
        return [text] if text else []
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if text_width(longer, size, bold=bold) <= width * POINTS:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _broken(word, size, width, bold=bold)
        lines += whole
    return [*lines, line]


def _broken(word: str, size: float, width: float, *, bold: bool) -> list[str]:
    parts, part = [], ""
    for sign in word:
        if part and text_width(part + sign, size, bold=bold) > width * POINTS:
            parts.append(part)
            part = ""
        part += sign
    return [*parts, part]
