"""A house per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NewDatabase, StandingClock
from tests.flows.house import House
from tests.postgres import Postgres

MakeHouse = Callable[..., House]


@pytest.fixture
def make_house(tmp_path: Path, clock: StandingClock, new_database: NewDatabase) -> Iterator[MakeHouse]:
    """`make_house(platform, **policy)`: an installation that is taken down after the test; once per database engine."""
    made: list[House] = []

    def make(platform: str = "woocommerce", **policy: Any) -> House:
        folder = tmp_path / f"house{len(made)}"
        folder.mkdir()
        made.append(House(folder, clock, platform, new_database(folder), **policy))
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture(params=["woocommerce", "shopify"])
def house(request: pytest.FixtureRequest, make_house: MakeHouse) -> House:
    """An installation, once per platform."""
    return make_house(request.param)


@pytest.fixture
def beside(tmp_path: Path, clock: StandingClock, postgres: Postgres, empty_postgres: str) -> Iterator[House]:
    """A house that waits for a lock 50 ms, beside a shop whose lock is held for as long as the test asks."""
    name = postgres.database(like=empty_postgres)
    house = House(tmp_path, clock, "woocommerce", postgres.url(name) + "?options=-c%20lock_timeout%3D50")
    yield house
    house.close()
    postgres.drop(name)
