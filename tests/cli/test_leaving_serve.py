"""`serve` in this process: who hears of SIGTERM, and when."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integration.cli import running
from integration.flows.services import Services
from integration.settings import load
from tests.flows.house import House

PATIENCE = 30.0
SOON = 4.0  # seconds: before the server gives up a page


class Engine:
    """Makes no time pass, and remembers what it was told."""

    def __init__(self, begun: Callable[[], object] = lambda: None) -> None:
        self.begun, self.told = begun, list[str]()
        self.left = threading.Event()

    def wake(self) -> None:
        """Nobody is woken."""

    def start(self, _services: Services) -> None:
        self.told.append("start")
        self.begun()

    def leave(self) -> None:
        self.told.append("leave")
        self.left.set()

    def stop(self) -> None:
        self.told.append("stop")


@pytest.fixture
def serve(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`serve(engine, port)` until a signal comes."""
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    switching = sys.getswitchinterval()

    def run(engine: Engine, port: int = 0) -> None:
        monkeypatch.setattr(running, "_engine", lambda _settings: engine)
        running.run_server(load(house.folder / "config.toml", {}), "127.0.0.1", port, works=True)

    yield run
    sys.setswitchinterval(switching)
    for each, handler in kept.items():
        signal.signal(each, handler)


def told(which: signal.Signals) -> None:
    """As a service manager does."""
    os.kill(os.getpid(), which)


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_an_engine_that_has_just_begun_is_stopped_too(serve: Callable[..., None], which: signal.Signals) -> None:
    engine = Engine(lambda: told(which))
    with pytest.raises(SystemExit) as ended:
        serve(engine)
    assert not ended.value.code
    assert engine.told == ["start", "leave", "stop"]


def test_the_engine_hears_of_it_before_the_server_waits_for_its_pages(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, in_time = Engine(), list[bool]()

    def page(_environ: Any, begin: Any) -> list[bytes]:
        told(signal.SIGTERM)
        in_time.append(engine.left.wait(SOON))
        begin("200 OK", [])
        return []

    def visit(server: Any) -> None:
        requests.get(f"http://127.0.0.1:{server.effective_port}/", timeout=PATIENCE)

    def listen(_app: Any, host: str, port: int) -> Any:
        server = listening(page, host, port)
        visitors.append(threading.Thread(target=visit, args=(server,)))
        visitors[-1].start()
        return server

    listening, visitors = running.listen, list[threading.Thread]()
    monkeypatch.setattr(running, "listen", listen)
    serve(engine)
    visitors[0].join(PATIENCE)
    assert in_time == [True]
    assert engine.told == ["start", "leave", "stop"]
