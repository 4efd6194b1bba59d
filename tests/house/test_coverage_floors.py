"""The coverage floors hold what CONTRIBUTING promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from coverage import Coverage, CoverageData

from tests.house.coverage_floors import shortfalls

LINES = 20
DOMAIN, RULES, MAILS = "integration/domain/money.py", "integration/rules/surveys.py", "emails/compose.py"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def measured(**ran: int) -> Coverage:
    """A run in which so many of the twenty lines of each file ran."""
    paths = {"domain": DOMAIN, "rules": RULES, "mails": MAILS}
    data = CoverageData(".coverage")
    for name, count in ran.items():
        source = Path(paths[name])
        source.parent.mkdir(parents=True)
        source.write_text("".join(f"a{number} = 1\n" for number in range(LINES)), encoding="utf-8")
        data.add_lines({str(source.absolute()): range(1, count + 1)})
    data.write()
    coverage = Coverage(config_file=False)
    coverage.load()
    return coverage


def test_the_floors_hold_when_a_twentieth_elsewhere_never_ran() -> None:
    assert shortfalls(measured(domain=20, rules=20, mails=19)) == []


def test_one_line_of_a_rule_that_never_ran_fails_and_is_named() -> None:
    (found,) = shortfalls(measured(domain=20, rules=19, mails=20))
    assert "integration/rules/* is under its floor" in found
    assert "surveys.py" in found
    assert found.splitlines()[-1].startswith("TOTAL")


def test_two_twentieths_elsewhere_that_never_ran_fail() -> None:
    (found,) = shortfalls(measured(domain=20, rules=20, mails=18))
    assert "elsewhere is under its floor" in found


def test_a_part_that_was_not_measured_fails() -> None:
    (found,) = shortfalls(measured(domain=20, mails=20))
    assert "integration/rules/* is under its floor" in found
