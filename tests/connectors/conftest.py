"""A store of every platform found, for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from connectors import platforms
from connectors.base import StoreConnector
from connectors.http import Http, HttpLimits
from tests.connectors.harness import StoreHarness

LIMITS = HttpLimits(allow_private_hosts=True, connect_timeout=1, read_timeout=5, max_bytes=1_000_000)


class Store:
    """A running store of one platform and a connector that talks to it."""

    def __init__(self, harness: StoreHarness) -> None:
        self.harness = harness
        self.url = harness.start()
        self.http = Http(LIMITS)
        self.connector: StoreConnector = harness.connector(self.http, self.url)


def harness(platform: str) -> type[StoreHarness] | None:
    """What the platform brings, `None` when it forgot to."""
    name = f"tests.connectors.harness_{platform}"
    return import_module(name).HARNESS if find_spec(name) else None


def with_http() -> list[str]:
    """Platforms that call a store over HTTP; one without a harness is among them, to fail."""
    return [name for name in platforms() if (brought := harness(name)) is None or brought.over_http]


def running_store(platform: str, folder: Path) -> Iterator[Store]:
    """A store that runs while the test does; a platform without a harness fails, it is not skipped."""
    brought = harness(platform)
    if brought is None:
        pytest.fail(f"connectors/stores/{platform} has no tests/connectors/harness_{platform}.py")
    running = Store(brought(folder))
    yield running
    running.harness.stop()


@pytest.fixture(params=platforms())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """One store per platform folder."""
    yield from running_store(request.param, tmp_path)
