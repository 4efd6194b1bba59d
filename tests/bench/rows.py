"""A row of the table, and how time is taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and the most it may be, or the least with `at_least`, both in `unit`."""

    what: str
    measured: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def held(self) -> bool:
        """Whether the figure is within its bound."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def cpu_ms(act: Callable[[Case], object], cases: Sequence[Case]) -> float:
    """The median CPU time of `act` over `cases` in ms, after one that warms up."""
    act(cases[0])
    return median(_cpu_ms_of(act, case) for case in cases)


def _cpu_ms_of(act: Callable[[Case], object], case: Case) -> float:
    start = time.process_time()
    act(case)
    return 1000 * (time.process_time() - start)


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | measured | bound | held |", "|---|--:|--:|---|"]
    lines += [
        f"| {row.what} | {row.measured:.4g} {row.unit} | {_bound(row)} | {'yes' if row.held else '**no**'} |"
        for row in rows
    ]
    return "\n".join(lines)


def _bound(row: Row) -> str:
    return f"{'at least ' if row.at_least else ''}{row.bound:g} {row.unit}".strip()
