"""SIGTERM and Ctrl-C while we work: the task at hand is finished first."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 8  # seconds for the task at hand, of the ten that service managers give the whole process


class Asked:
    """Whether we were told to leave. It takes no lock: a handler would wait for ever for its own thread's."""

    def __init__(self) -> None:
        self._told = False
        self._heard, self._bell = os.pipe()

    def is_set(self) -> bool:
        """Whether a signal has come."""
        return self._told

    def wait(self, seconds: float) -> bool:
        """The same, once it has come or so much time has passed."""
        select.select([self._heard], [], [], seconds)
        return self._told

    def set(self) -> None:
        """One has come."""
        self._told = True
        os.write(self._bell, b"!")

    def close(self) -> None:
        """Nobody waits any more."""
        os.close(self._heard)
        os.close(self._bell)


@contextmanager
def asked() -> Iterator[Asked]:
    """Set once SIGTERM or SIGINT has come; eight seconds later, or when it comes again, the process ends with 0."""
    told = Asked()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        if told.is_set():
            raise SystemExit(0)
        signal.alarm(PATIENCE)  # first, so that whatever comes next has an end
        told.set()

    before = {each: signal.signal(each, leave) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        yield told
    finally:
        signal.alarm(0)
        for each, handler in before.items():
            signal.signal(each, handler)
        told.close()
