"""Fail when a part of the code is covered less than its floor; `make test` runs it after pytest."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from io import StringIO

from coverage import Coverage
from coverage.exceptions import NoDataError

FLOORS = {"integration/domain/*": 100.0, "integration/rules/*": 100.0}
ELSEWHERE = 95.0


def shortfalls(measured: Coverage) -> list[str]:
    """What is under its floor, with the lines that never ran; prints every part's figure."""
    parts: list[tuple[str, float, Mapping[str, list[str]]]]
    parts = [(part, floor, {"include": [part]}) for part, floor in FLOORS.items()]
    parts.append(("elsewhere", ELSEWHERE, {"omit": [*FLOORS]}))
    return [found for part in parts if (found := _shortfall(measured, *part))]


def _shortfall(measured: Coverage, part: str, floor: float, files: Mapping[str, list[str]]) -> str:
    missing = StringIO()
    try:
        reached = measured.report(file=missing, show_missing=True, skip_covered=True, sort="-miss", **files)
    except NoDataError:  # a part that was not measured was not tested
        reached = 0.0
    sys.stdout.write(f"{part}: {reached:.2f} % of lines and branches ran, floor {floor:.0f} %\n")
    return "" if reached >= floor else f"{part} is under its floor\n{missing.getvalue()}"


def main() -> int:
    """Read `.coverage`; 1 when a floor is not reached."""
    measured = Coverage()
    measured.load()
    found = shortfalls(measured)
    sys.stderr.write("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
