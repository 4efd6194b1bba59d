"""Functions stay short and files stay readable; the numbers are those of CONTRIBUTING."""

from __future__ import annotations

import ast
import statistics
import tomllib

from tests.house.code import GENERATED, PACKAGES, sources
from tests.house.conftest import ROOT

LONG_FILES = ("integration/db/tables.py", "integration/db/queries")  # rows and statements are read one by one


def written() -> list[tuple[str, ast.Module]]:
    return [(path, tree) for path, tree in sources(*PACKAGES) if not path.startswith(GENERATED)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the last, without the docstring."""
    first = function.body[0]
    words = ast.get_docstring(function) is not None
    return (function.end_lineno or 0) - function.lineno + 1 - (words and (first.end_lineno or 0) - first.lineno + 1)


def functions() -> dict[str, int]:
    return {
        f"{path}:{node.lineno} {node.name}": length(node)
        for path, tree in written()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_no_function_is_longer_than_forty_lines() -> None:
    assert {name: lines for name, lines in functions().items() if lines > 40} == {}


def test_most_functions_fit_in_a_glance() -> None:
    lengths = sorted(functions().values())
    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=10)[-1] <= 25


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path, _ in written()}
    limits = {path: 500 if path.startswith(LONG_FILES) else 300 for path in lengths}
    assert {path: lines for path, lines in lengths.items() if lines > limits[path]} == {}


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    tests = [(path, tree) for path, tree in sources("tests") if tree.body]
    silent = [path for path, tree in [*written(), *tests] if not says_what_for(path, tree)]
    assert silent == []


def says_what_for(path: str, tree: ast.Module) -> bool:
    summary = (ast.get_docstring(tree) or "").splitlines()[:1]
    first_line = (ROOT / path).read_text(encoding="utf-8").split("\n", 1)[0]
    return bool(summary) and summary[0].endswith((".", ":", "?")) and first_line.startswith('"""')


def test_ruff_counts_complexity() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "C90" in lint["select"]
    assert lint["mccabe"]["max-complexity"] <= 8
