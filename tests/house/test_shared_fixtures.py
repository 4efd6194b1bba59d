"""The fixtures every test leans on do what they say."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_socket import SocketConnectBlockedError

from tests.conftest import StandingClock


def test_the_clock_moves_only_when_told(clock: StandingClock, now: datetime) -> None:
    assert clock() == clock() == now
    assert clock.advance(hours=3) == clock() == datetime(2026, 11, 21, 15, tzinfo=UTC)


@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_no_test_reaches_beyond_this_machine() -> None:
    with socket.socket() as outgoing, pytest.raises(SocketConnectBlockedError):
        outgoing.connect(("192.0.2.1", 80))  # RFC 5737: an address for documents, nobody's


@pytest.mark.browser
def test_the_browser_opens_a_page_of_a_phone_s_width(page: Page, tmp_path: Path) -> None:
    leaf = tmp_path / "leaf.html"
    leaf.write_text("<title>Mia</title><p>Hola, Sam</p>", encoding="utf-8")
    page.goto(leaf.as_uri())
    assert page.title() == "Mia"
    assert page.evaluate("window.innerWidth") == 390
