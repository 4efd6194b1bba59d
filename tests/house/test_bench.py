"""The benchmark table says plainly what is over its bound."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import main
from tests.bench.rows import Row, cpu_ms, table


def test_a_figure_over_its_bound_is_marked() -> None:
    text = table([Row("label", 2.345, 10, "ms"), Row("idle memory", 151, 150, "MB")])
    assert text.splitlines()[2:] == [
        "| label | 2.345 ms | 10 ms | yes |",
        "| idle memory | 151 MB | 150 MB | **no** |",
    ]


def test_the_first_case_warms_up_and_is_measured_again() -> None:
    seen: list[str] = []
    cpu_ms(seen.append, ["a", "b"])
    assert seen == ["a", "a", "b"]


def test_a_bench_that_is_not_there_is_named_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("intake", "nonsense") == 2
    assert "intake" in capsys.readouterr().err
