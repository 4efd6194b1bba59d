"""Turns to write: one at a time, webhooks first, nobody for ever."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import pytest

from integration.db import turns
from integration.db.turns import Turns
from integration.domain.errors import Temporary


class Crowd:
    """Threads that want a turn while the test has it; `order` is in which they got theirs."""

    def __init__(self, own: Turns) -> None:
        self._turns = own
        self._threads: list[threading.Thread] = []
        self.order: list[str] = []

    def come(self, name: str, *, first: bool = False) -> None:
        """One more who waits."""

        def wait() -> None:
            with self._turns.take(first=first):
                self.order.append(name)

        self._threads.append(threading.Thread(target=wait))
        self._threads[-1].start()
        until(lambda: _waits(self._threads[-1]))

    def go(self) -> list[str]:
        """Wait until all had their turn; the order."""
        for thread in self._threads:
            thread.join()
        return self.order


def _waits(thread: threading.Thread) -> bool:
    """Whether a thread stands at a lock."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name == "_acquire"


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, at most ten seconds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end


def test_a_webhook_waits_for_one_transaction_at_most() -> None:
    own = Turns()
    crowd = Crowd(own)
    with own.take():
        crowd.come("mail")
        crowd.come("case")
        crowd.come("webhook", first=True)
        until(own._door.locked)
    assert crowd.go()[0] == "webhook"
    assert sorted(crowd.order) == ["case", "mail", "webhook"]


def test_nobody_writes_beside_another() -> None:
    own, inside, most = Turns(), [0], [0]

    def write(number: int) -> None:
        for _ in range(50):
            with own.take(first=number % 2 == 0):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    crowd = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize("first", [True, False])
def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.01)
    own = Turns()
    with own.take(), pytest.raises(Temporary, match="database_busy"), own.take(first=first):
        pass
    with own.take(first=first), pytest.raises(Temporary, match="database_busy"), own.take():
        pass
    with pytest.raises(ZeroDivisionError), own.take(first=first):
        _ = 1 / 0
    with own.take():
        pass
