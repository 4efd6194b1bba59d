"""What an examination of the service finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One check; words and remedy are in the catalogue under `doctor.<check>`."""

    check: str
    ok: bool
    params: Mapping[str, object] = field(default_factory=dict)
