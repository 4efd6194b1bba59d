"""The steps of a complaint as the shopper reads them."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest

from integration.flows import complaints


def test_steps_of_one_moment_are_told_in_their_order(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    lines = [
        SimpleNamespace(at=now, to_state=state) for state in ("received", "decided", "would_have_given", "acknowledged")
    ]
    monkeypatch.setattr(complaints, "of_subject", lambda *_: lines)
    case = SimpleNamespace(
        shop_id="shop", id="case", number="C-1", state="decided", source="form", cause="late", wish="",
        fix="explanation", opened_at=now, due_at=now, fixed_at=None,
    )  # fmt: skip
    told = complaints.view(None, case)  # type: ignore[arg-type]
    assert [step.code for step in told.steps] == ["received", "acknowledged", "decided"]
