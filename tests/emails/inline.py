"""Writes the look of the mails into their templates: `python -m tests.emails.inline`.

The templates carry classes; `_layout/style.css` says what a class looks like; mail programs want `style`
attributes. So every `style` here is made by this script, and a test compares. An HTML parser would throw
Jinja's blocks out of a table, but keeps comments: blocks travel through it as comments.
"""

from __future__ import annotations

import re
from pathlib import Path

import css_inline

TEMPLATES = Path(__file__).parents[2] / "emails" / "templates"
_STYLE = re.compile(r' style="[^"]*"')
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")+)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_ALONE = re.compile(r"^\{\{(.*)\}\}$", re.MULTILINE)  # a macro's call between two rows


def inlined(source: str) -> str:
    """The template with every `style` attribute made new; inlining twice changes nothing."""
    css = (TEMPLATES / "_layout" / "style.css").read_text("utf-8")
    imports, doctype, page = source.partition("<!doctype html>\n")
    bare = _as_comments(_STYLE.sub("", page if doctype else source))
    if doctype:
        inliner = css_inline.CSSInliner(extra_css=css, keep_style_tags=True, load_remote_stylesheets=False)
        made = imports + doctype + re.sub(r"\s*</body>\s*</html>\s*", "\n</body>\n</html>", inliner.inline(bare))
    else:
        made = css_inline.inline_fragment(bare, css, load_remote_stylesheets=False)
    return _as_blocks(_TAG.sub(_in_order, made)).rstrip("\n") + "\n"


def _in_order(tag: re.Match[str]) -> str:
    """The inliner shuffles attributes: class first, style last, the rest by name."""
    found = sorted(_ATTRIBUTE.findall(tag[2]), key=lambda one: (one[0] == "style", one[0] != "class", one[0]))
    return f"<{tag[1]}" + "".join(f' {name}="{value}"' for name, value in found) + ">"


def _as_comments(source: str) -> str:
    return _ALONE.sub(r"<!--{\1}-->", source.replace("{%", "<!--%").replace("%}", "%-->"))


def _as_blocks(text: str) -> str:
    calls = re.sub(r"<!--\{(.*)\}-->", r"{{\1}}", text)
    return calls.replace("<!--%", "{%").replace("%-->", "%}").replace("<tbody>", "").replace("</tbody>", "")


def pages() -> list[Path]:
    """All html templates."""
    return sorted(TEMPLATES.rglob("*.html"))


if __name__ == "__main__":
    for page in pages():
        page.write_text(inlined(page.read_text("utf-8")), "utf-8")
