"""The only place that reads the wall clock; below the entries `now` is an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The time as aware UTC."""
    return datetime.now(UTC)
