"""What every test shares: a clock that stands still, a browser, and generators that repeat in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, database=None)
settings.register_profile("desk", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class StandingClock:
    """A `Clock` that moves only when a test says so."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **units: float) -> datetime:
        """Move on by `timedelta(**units)` and tell the new time."""
        self.now += timedelta(**units)
        return self.now


@pytest.fixture
def now() -> datetime:
    """Saturday, 21 November 2026, noon UTC."""
    return datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def clock(now: datetime) -> StandingClock:
    """A clock that stands at `now`."""
    return StandingClock(now)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium (`CHROMIUM`, or the first of `BROWSERS`); without it the test fails, never skips."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else BROWSERS
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or pytest.fail("No Chromium here: run `make browser`, or set CHROMIUM to the program.")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium. Per module, since Playwright's loop would disturb other files' own loops."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of its own: no cookies, no cache, 390 x 844 pixels."""
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        yield context.new_page()
