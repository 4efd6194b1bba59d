"""Every place that asks a catalogue for a text: in Python by syntax tree, in templates by Jinja's own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, nodes

from tests.house.code import PACKAGES, called, calls, sources
from tests.house.conftest import ROOT

ANYTHING = "*"
SPEAKERS = {"words": "", "t": "", "say": "cli.", "helped": "cli.help."}
"""Functions that speak a text, and what they put before the key."""
TEMPLATES = {"integration/web/templates": "pages.", "integration/demo/templates": "", "emails/templates": ""}
"""Folders of templates and what their `t(...)` puts before the key."""


@dataclass(frozen=True)
class Asked:
    """A key that a place asks for, `*` for what is known only at run time; its values, `None` if not all are named."""

    key: str
    place: str
    values: frozenset[str] | None

    @property
    def fixed(self) -> bool:
        return ANYTHING not in self.key


def asked_in_code() -> Iterator[Asked]:
    for path, tree in sources(*PACKAGES):
        for call in calls(tree, set(SPEAKERS)):
            names = {keyword.arg for keyword in call.keywords}
            values = None if None in names else frozenset(str(name) for name in names)
            for key in _keys(call.args[0]) if call.args else ():
                yield Asked(SPEAKERS[called(call)] + key, f"{path}:{call.lineno}", values)


def put_together() -> Iterator[Asked]:
    """Keys of a catalogue that the code puts together anywhere, to ask for them later."""
    areas = tuple(f"{file.stem}." for file in (ROOT / "integration/locale/es").glob("*.toml"))
    for path, tree in sources(*PACKAGES):
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and (key := _keys(node)[0]).startswith(areas):
                yield Asked(key, f"{path}:{node.lineno}", None)


def _keys(node: ast.expr) -> list[str]:
    """What an expression may say, `*` for the parts that are not written down."""
    if isinstance(node, ast.IfExp):
        return [*_keys(node.body), *_keys(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(_keys(part)[0] for part in node.values)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [left + right for left in _keys(node.left) for right in _keys(node.right)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else [ANYTHING]


def asked_in_templates() -> Iterator[Asked]:
    for folder, prefix in TEMPLATES.items():
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix in (".html", ".txt"):
                tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
                yield from _asked_in(tree, prefix, path.relative_to(ROOT).as_posix())


def _asked_in(tree: nodes.Template, prefix: str, path: str) -> Iterator[Asked]:
    for call in tree.find_all(nodes.Call):
        speakers = {"t": prefix, "words": "", "desk": "desk."}
        before = speakers.get(getattr(call.node, "name", ""))
        keys = _spoken(call.args[0]) if call.args else []
        if isinstance(call.node, nodes.Getattr) and call.node.attr == "named":
            before = speakers.get(getattr(call.node.node, "name", ""), prefix)
            keys = [f"{key}.{ANYTHING}" for key in keys]
        values = None if call.dyn_kwargs else frozenset(pair.key for pair in call.kwargs)
        for key in keys if before is not None else ():
            yield Asked(f"{before}{key}", f"{path}:{call.lineno}", values)


def _spoken(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.CondExpr):
        return [*_spoken(node.expr1), *(_spoken(node.expr2) if node.expr2 else ())]
    if isinstance(node, nodes.Concat):
        return ["".join(_spoken(part)[0] for part in node.nodes)]
    if isinstance(node, nodes.Add):
        return [left + right for left in _spoken(node.left) for right in _spoken(node.right)]
    if isinstance(node, nodes.Mod):
        return [re.sub("%[sd]", value, text) for text in _spoken(node.left) for value in _spoken(node.right)]
    return [node.value] if isinstance(node, nodes.Const) and isinstance(node.value, str) else [ANYTHING]


def texts_in_code() -> set[str]:
    """Every text written in the code: a key that is kept in a table counts as used."""
    trees = [tree for _, tree in sources(*PACKAGES)]
    constants = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def codes_raised(classes: set[str]) -> dict[str, str]:
    """Error codes by one place that raises them."""
    found = {}
    for path, tree in sources(*PACKAGES):
        for call in calls(tree, classes):
            if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
                found[call.args[0].value] = f"{path}:{call.lineno}"
    return found
