"""Fail when a part of the code is covered less than its floor; `make test` runs it after pytest."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coverage import Coverage

FLOORS = {"integration/domain": 100.0, "integration/rules": 100.0, "elsewhere": 95.0}


def percent(files: list[Mapping[str, Any]]) -> float:
    """Lines and branches that ran, of all there are; nothing measured counts as nothing covered."""
    ran = sum(file["summary"]["covered_lines"] + file["summary"].get("covered_branches", 0) for file in files)
    there = sum(file["summary"]["num_statements"] + file["summary"].get("num_branches", 0) for file in files)
    return 100.0 * ran / there if there else 0.0


def part_of(path: str) -> str:
    """The name in `FLOORS` that holds for a file."""
    return next((part for part in FLOORS if path.startswith(f"{part}/")), "elsewhere")


def verdict(files: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], bool]:
    """The lines to print for a coverage report's `files`, and whether every floor holds."""
    lines, holds = [], True
    for part, floor in FLOORS.items():
        own = {path: file for path, file in files.items() if part_of(path) == part}
        reached = percent(list(own.values()))
        lines.append(f"{part}: {reached:.2f} % covered, floor {floor:.0f} %")
        if reached < floor:
            holds = False
            lines += [f"  {path}: lines {_ranges(file)}" for path, file in own.items() if _gaps(file)]
    return lines, holds


def _gaps(file: Mapping[str, Any]) -> bool:
    return bool(file["missing_lines"] or file.get("missing_branches"))


def _ranges(file: Mapping[str, Any]) -> str:
    branches = [f"{start}->{end}" for start, end in file.get("missing_branches", [])]
    return ", ".join([*map(str, file["missing_lines"]), *branches])


def main() -> int:
    """Read `.coverage`, print one line per part, and 1 when a floor is not reached."""
    measured = Coverage()
    measured.load()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(report))
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    lines, holds = verdict(files)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
