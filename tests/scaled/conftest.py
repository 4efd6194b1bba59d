"""A broker for all tests, and a site for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.clock import system_clock
from tests.flows.house import House
from tests.postgres import Postgres
from tests.scaled.site import Site
from tests.valkey import NoValkey, Valkey


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A broker; without it a test fails, never skips."""
    try:
        made = Valkey()
        made.start()
    except NoValkey as error:
        pytest.fail(str(error))
    yield made
    made.kill()


@pytest.fixture
def database(postgres: Postgres, empty_postgres: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database with our tables."""
    name = postgres.database(like=empty_postgres)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def site(tmp_path: Path, valkey: Valkey, database: str) -> Iterator[Site]:
    """Mia's WooCommerce shop at today's time, for several processes."""
    made = Site(House(tmp_path, system_clock, "woocommerce", database), valkey.url)  # type: ignore[arg-type]
    yield made
    made.close()
