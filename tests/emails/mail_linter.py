"""What html every mail program shows: the allow-list of elements and properties, and what it must not hold.

After the data of caniemail.com (MIT): the floor is Outlook for Windows and Gmail with foreign accounts. What is
`progressive` may be there as long as the mail works without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

ELEMENTS = set(
    "html head meta title style body table tr td div p h1 h2 h3 h4 h5 h6 a img ul ol li strong span hr br".split()
)
ATTRIBUTES = set(
    "class lang dir role align valign width height cellpadding cellspacing border href src alt style charset name"
    " content data-css-inline".split()
)  # fmt: skip
PROPERTIES = set(
    "background-color color font-family font-size font-style font-weight line-height text-align text-decoration"
    " margin max-width width padding border border-top border-right border-bottom border-left".split()
)  # fmt: skip
PROGRESSIVE = {"border-radius", "display", "word-break"}
DISPLAYS = {"block", "inline-block"}
PADDED = {"td", "a", "body"}  # Outlook for Windows pads cells only; a link's padding is a larger target elsewhere
VOID = {"meta", "img", "hr", "br"}
SMALLEST_TEXT = 14
CLIPPED = 90_000  # Gmail cuts a mail off at 102 kB
ODD_VALUES = {
    "url": r"url\(", "variable": r"var\(|--[a-z]", "calc": r"calc\(", "rem": r"[\d.]rem\b", "flex": r"\bflex\b",
    "grid": r"\bgrid\b",
}  # fmt: skip


@dataclass
class _Seen(HTMLParser):
    hosts: frozenset[str]
    faults: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    open: list[tuple[str, float]] = field(default_factory=list)
    title: str = ""
    headings: int = 0
    langs: list[str] = field(default_factory=list)
    sheets: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def fault(self, rule: str, what: str = "") -> None:
        self.faults.append(f"{rule}: {what}" if what else rule)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag not in ELEMENTS:
            self.fault("element", tag)
        for name in given:
            if name not in ATTRIBUTES:
                self.fault("attribute", f"{tag} {name}")
        self._structure(tag, given)
        size = self._style(tag, given.get("style", ""))
        if tag not in VOID:
            self.open.append((tag, size or (self.open[-1][1] if self.open else 0)))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            self.fault("unclosed", tag)

    def handle_data(self, data: str) -> None:
        tag, size = self.open[-1] if self.open else ("", 0)
        if tag == "title":
            self.title += data.strip()
        elif tag == "style":
            self.sheets += data
        elif data.strip() and size < SMALLEST_TEXT:
            self.fault("small text", data.strip()[:40])

    def _structure(self, tag: str, given: dict[str, str]) -> None:
        if tag in {"html", "div"} and given.get("lang"):
            self.langs.append(tag)
        if tag == "html" and given.get("dir") not in {"ltr", "rtl"}:
            self.fault("dir")
        if tag == "table" and given.get("role") != "presentation":
            self.fault("table without role")
        self.headings += tag == "h1"
        if tag == "img":
            self._picture(given)
        if tag == "a":
            self._link(given.get("href", ""))

    def _picture(self, given: dict[str, str]) -> None:
        if "alt" not in given:
            self.fault("alt")
        if not (given.get("width", "").isdigit() and given.get("height", "").isdigit()):
            self.fault("picture without size")
        elif int(given["width"]) <= 2 or int(given["height"]) <= 2:
            self.fault("tracking pixel")
        source = given.get("src", "")
        if not source.startswith("https://") or re.search(r"\.(svg|webp|avif)\b", source):
            self.fault("picture", source[:40])
        elif urlsplit(source).hostname not in self.hosts:
            self.fault("picture of another host", source[:60])

    def _link(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http", "mailto", "tel"}:
            self.fault("link", url[:40])
        elif parts.scheme in {"https", "http"}:
            self.links.append(url)
            if parts.hostname not in self.hosts | {"wa.me"}:
                self.fault("link to another host", url[:60])

    def _style(self, tag: str, style: str) -> float:
        size = 0.0
        for declaration in filter(None, (part.strip() for part in style.split(";"))):
            name, _, value = (part.strip().lower() for part in declaration.partition(":"))
            self._declaration(tag, name, value)
            if name == "font-size" and value.endswith("px"):
                size = float(value[:-2])
        return size

    def _declaration(self, tag: str, name: str, value: str) -> None:
        if name not in PROPERTIES | PROGRESSIVE:
            self.fault("property", name)
        if name == "display" and value not in DISPLAYS:
            self.fault("display", value)
        if name == "margin" and ("auto" in value or "-" in value):
            self.fault("margin", value)
        if name == "padding" and value != "0" and tag not in PADDED:
            self.fault("padding outside a cell", tag)
        if name == "font-size" and not value.endswith("px"):
            self.fault("font-size", value)
        for rule, pattern in ODD_VALUES.items():
            if re.search(pattern, value):
                self.fault(rule, value[:40])


def faults(html: str, text: str, hosts: frozenset[str]) -> list[str]:
    """Everything that is wrong with this mail; `hosts` are the shop's own, where its links and pictures may point."""
    seen = _Seen(hosts)
    seen.feed(html)
    seen.close()
    found = seen.faults + _of_sheets(seen.sheets)
    found += [] if seen.langs[:2] == ["html", "div"] else ["lang"]
    found += [] if seen.title else ["title"]
    found += [] if seen.headings == 1 else ["one heading"]
    found += ["too long"] if len(html.encode()) >= CLIPPED else []
    missing = set(seen.links) - set(re.findall(r"https?://\S+", text))
    return found + [f"link not in the text: {url[:60]}" for url in sorted(missing)]


def _of_sheets(css: str) -> list[str]:
    found = ["font-face"] if "@font-face" in css else []
    found += ["import"] if "@import" in css else []
    found += ["style sheet too long"] if len(css) > 16_000 else []
    return found + [rule for rule, pattern in ODD_VALUES.items() if re.search(pattern, css)]
