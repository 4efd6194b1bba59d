"""A store server for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.demo.stores.woocommerce import WooCommerceStore
from tests.conftest import StandingClock
from tests.stores.woocommerce_calls import KEY, SECRET


@pytest.fixture
def woocommerce(clock: StandingClock) -> Iterator[WooCommerceStore]:
    """A shop in Copenhagen, as the one that was watched."""
    running = WooCommerceStore(KEY, SECRET, clock, zone="Europe/Copenhagen", currency="DKK")
    running.start()
    yield running
    running.stop()
