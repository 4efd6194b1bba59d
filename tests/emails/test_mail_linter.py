"""The linter finds one bad sample of each rule, and nothing in a good mail."""

from __future__ import annotations

import pytest

from tests.emails.mail_linter import faults

HOSTS = frozenset({"shop.example"})
PAGE = (
    '<!doctype html><html lang="es" dir="ltr"><head><meta charset="utf-8"><title>Tu pedido</title>'
    "<style>@media (max-width: 520px) {{ td {{ padding: 8px; }} }}{sheet}</style></head><body>"
    '<div lang="es"><table role="presentation"><tr><td style="font-size: 16px; padding: 8px"><h1>Hola</h1>'
    '<a href="https://shop.example/r/x">Devolver</a>{body}</td></tr></table></div></body></html>'
)
TEXT = "Devolver:\nhttps://shop.example/r/x\n"


def page(body: str = "", sheet: str = "") -> str:
    return PAGE.format(body=body, sheet=sheet)


def test_a_good_mail_has_no_faults() -> None:
    picture = '<img src="https://shop.example/mia.jpg" alt="" width="56" height="56" style="border-radius: 28px">'
    assert faults(page(picture), TEXT, HOSTS) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        *((f"<{tag}></{tag}>", f"element: {tag}") for tag in (
            "main", "nav", "details", "form", "button", "svg", "picture", "script", "section", "video"
        )),
        ("<input>", "element: input"),
        ('<link href="x">', "element: link"),
        ("<p hidden>x</p>", "attribute: p hidden"),
        ('<p onclick="x">x</p>', "attribute: p onclick"),
        ('<img src="https://shop.example/x.jpg" srcset="y" alt="" width="9" height="9">', "attribute: img srcset"),
        ('<p style="position: absolute">x</p>', "property: position"),
        ('<p style="float: left">x</p>', "property: float"),
        ('<p style="box-shadow: 0 0 1px red">x</p>', "property: box-shadow"),
        ('<p style="gap: 1px">x</p>', "property: gap"),
        ('<p style="background-image: none">x</p>', "property: background-image"),
        ('<p style="border: url(https://x)">x</p>', "url: url(https://x)"),
        ('<p style="--c: red">x</p>', "property: --c"),
        ('<p style="color: var(--c)">x</p>', "variable: var(--c)"),
        ('<p style="width: calc(1px + 1px)">x</p>', "calc: calc(1px + 1px)"),
        ('<p style="margin: 1rem">x</p>', "rem: 1rem"),
        ('<p style="display: flex">x</p>', "display: flex"),
        ('<p style="display: inline-grid">x</p>', "display: inline-grid"),
        ('<p style="display: none">x</p>', "display: none"),
        ('<p style="margin: 0 auto">x</p>', "margin: 0 auto"),
        ('<p style="margin: -4px">x</p>', "margin: -4px"),
        ('<p style="padding: 4px">x</p>', "padding outside a cell: p"),
        ('<p style="font-size: 13px">x</p>', "small text: x"),
        ('<p style="font-size: 1em">x</p>', "font-size: 1em"),
        ("<table><tr><td>x</td></tr></table>", "table without role"),
        ("<h1>x</h1>", "one heading"),
        ("<p>x", "unclosed: td"),
        ('<img src="https://shop.example/x.jpg" width="9" height="9">', "alt"),
        ('<img src="https://shop.example/x.jpg" alt="">', "picture without size"),
        ('<img src="https://shop.example/x.gif" alt="" width="1" height="1">', "tracking pixel"),
        ('<img src="https://shop.example/x.svg" alt="" width="9" height="9">', "picture: https://shop.example/x.svg"),
        ('<img src="https://shop.example/x.webp" alt="" width="9" height="9">', "picture: https://shop.example/x.webp"),
        ('<img src="data:image/png;base64,AA" alt="" width="9" height="9">', "picture: data:image/png;base64,AA"),
        ('<img src="https://e.example/x.jpg" alt="" width="9" height="9">',
         "picture of another host: https://e.example/x.jpg"),
        ('<a href="javascript:x">x</a>', "link: javascript:x"),
        ('<a href="/relative">x</a>', "link: /relative"),
        ('<a href="https://click.example/x">x</a>', "link to another host: https://click.example/x"),
        ('<a href="https://shop.example/new">x</a>', "link not in the text: https://shop.example/new"),
        (f"<p>{'x' * 90_000}</p>", "too long"),
    ],
)  # fmt: skip
def test_each_rule_finds_its_bad_sample(body: str, rule: str) -> None:
    assert rule in faults(page(body), TEXT, HOSTS)


@pytest.mark.parametrize(
    ("sheet", "rule"),
    [
        ("@font-face {}", "font-face"), ("@import 'x';", "import"), ("p{display:flex}", "flex"),
        ("p{color:var(--c)}", "variable"), ("p{" + "x" * 16_000 + "}", "style sheet too long"),
    ],
)  # fmt: skip
def test_each_rule_for_style_sheets_finds_its_bad_sample(sheet: str, rule: str) -> None:
    assert rule in faults(page(sheet=sheet), TEXT, HOSTS)


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ('<html lang="es"', "<html", "lang"), ('<div lang="es"', "<div", "lang"), (' dir="ltr"', "", "dir"),
        ("<title>Tu pedido</title>", "<title></title>", "title"), ("<h1>Hola</h1>", "", "one heading"),
        ("font-size: 16px;", "", "small text: Hola"),
    ],
)  # fmt: skip
def test_what_a_page_needs_is_missed(good: str, bad: str, rule: str) -> None:
    assert rule in faults(page().replace(good, bad), TEXT, HOSTS)
