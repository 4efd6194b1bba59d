"""Houses for tests that need more than a table: `house` on SQLite, those of the flows on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.flows.conftest import make_house
from tests.flows.house import House

__all__ = ["make_house"]


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's WooCommerce shop, its database a file."""
    made = House(tmp_path, clock)
    yield made
    made.close()
