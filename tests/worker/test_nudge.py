"""Nudges end when they are told to, and all threads together within one patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, cast

from celery import Celery

from integration.worker.nudge import Nudge
from integration.worker.threads import see_off

PATIENCE = 30.0


class Broker:
    """Takes ticks, and something happens at the first."""

    def __init__(self) -> None:
        self.told, self.ended = list[str](), threading.Event()
        self.at_first: Callable[[], None] = self.ended.set

    def send_task(self, _name: str, args: list[str], **_: Any) -> None:
        """As Celery's."""
        self.told += args
        self.at_first()


def test_a_nudge_that_is_told_to_leave_sends_no_further_tick() -> None:
    broker = Broker()
    nudge = Nudge(cast("Celery", broker), "drain", "sweep", "watch")

    def leave() -> None:
        nudge.leave()
        broker.ended.set()

    broker.at_first = leave
    nudge.wake()
    assert broker.ended.wait(PATIENCE)
    nudge.stop(time.monotonic() + PATIENCE)
    assert broker.told == ["drain"]


def test_threads_that_do_not_end_are_waited_for_together() -> None:
    let_go = threading.Event()
    threads = [threading.Thread(target=let_go.wait, args=(PATIENCE,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    see_off(threading.Thread(), *threads, until=began + 0.3)
    assert 0.3 <= time.monotonic() - began < 0.9
    let_go.set()
    see_off(*threads)
    assert not any(thread.is_alive() for thread in threads)
