"""A house on SQLite for tests that need more than a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.flows.house import House


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's WooCommerce shop, its database a file."""
    made = House(tmp_path, clock)
    yield made
    made.close()
