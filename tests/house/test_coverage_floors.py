"""The coverage floors hold what CONTRIBUTING promises."""

from __future__ import annotations

from typing import Any

from tests.house.coverage_floors import verdict


def file(*, ran: int, missing: tuple[int, ...] = ()) -> dict[str, Any]:
    """One file of a coverage report."""
    summary = {"covered_lines": ran, "num_statements": ran + len(missing), "covered_branches": 0, "num_branches": 0}
    return {"summary": summary, "missing_lines": list(missing), "missing_branches": []}


WHOLE = {"integration/domain/money.py": file(ran=10), "integration/rules/surveys.py": file(ran=10)}


def test_all_floors_hold_when_a_twentieth_elsewhere_never_ran() -> None:
    lines, holds = verdict({**WHOLE, "emails/compose.py": file(ran=19, missing=(7,))})
    assert holds
    assert lines[-1] == "elsewhere: 95.00 % covered, floor 95 %"


def test_one_line_of_a_rule_that_never_ran_fails_and_is_named() -> None:
    rule = {"integration/rules/surveys.py": file(ran=999, missing=(12,))}
    lines, holds = verdict({**WHOLE, **rule, "emails/compose.py": file(ran=10)})
    assert not holds
    assert "  integration/rules/surveys.py: lines 12" in lines


def test_a_part_that_was_not_measured_fails() -> None:
    _, holds = verdict({"integration/domain/money.py": file(ran=10), "emails/compose.py": file(ran=10)})
    assert not holds
