"""Our own source as the house tests read it: files, syntax trees, imports, calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.conftest import ROOT

PACKAGES = ("integration", "connectors", "webhooks", "emails")
GENERATED = "integration/db/migrations/versions/"


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The path from the root and the syntax tree of every module in the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: str) -> str:
    return ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each imported name, as the module says it and in full: `dt`, `datetime.datetime`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((entry.asname or entry.name, entry.name) for entry in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((entry.asname or entry.name, f"{node.module}.{entry.name}") for entry in node.names)


def uses(tree: ast.Module, names: set[str]) -> list[int]:
    """Lines that speak one of `names` (`datetime.datetime.now`), under whatever name it was imported."""
    known = dict(imports(tree))
    found = []
    for node in ast.walk(tree):
        head, dot, rest = (
            ast.unparse(node).partition(".") if isinstance(node, ast.Attribute | ast.Name) else ("", "", "")
        )
        if known.get(head, head) + dot + rest in names:
            found.append(node.lineno)
    return found


def calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    """Calls of a function or method of one of these names, whatever it belongs to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in names:
            yield node


def called(call: ast.Call) -> str:
    """The last name of what is called: `words` in `self.words(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
