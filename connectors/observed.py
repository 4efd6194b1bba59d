"""What was seen of a live store that its documents leave open, beside what we take for granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "differs", "could_not"]


@dataclass(frozen=True, slots=True)
class Observed:
    """`code` names what was looked at; `values` are figures and words of the platform, never about a person."""

    code: str
    verdict: Verdict
    values: Mapping[str, str]
