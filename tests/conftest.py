"""What every test shares: a clock that stands still, databases, a browser, and generators that repeat in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from integration.db import schema
from integration.db.session import Database
from tests.postgres import NoPostgres, Postgres, running

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, database=None)
settings.register_profile("desk", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

NewDatabase = Callable[[Path], str]
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own; without it a test fails, never skips."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except NoPostgres as error:
            pytest.fail(str(error))
        yield server


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables and nothing in them, to make copies of."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty_postgres(postgres: Postgres) -> str:
    """The same in PostgreSQL: the name of a database."""
    name = postgres.database()
    migrate(postgres.url(name))
    return name


def migrate(url: str) -> None:
    """Give a database our tables."""
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """`new_database(folder)` is the URL of a new one with our tables; the test runs once per engine."""
    with ExitStack() as stack:

        def sqlite(folder: Path) -> str:
            path = folder / "postventa.db"
            shutil.copy(request.getfixturevalue("empty_sqlite"), path)
            return f"sqlite:///{path}"

        def postgresql(_folder: Path) -> str:
            server: Postgres = request.getfixturevalue("postgres")
            name = server.database(like=request.getfixturevalue("empty_postgres"))
            stack.callback(server.drop, name)
            return server.url(name)

        yield {"sqlite": sqlite, "postgresql": postgresql}[request.param]
