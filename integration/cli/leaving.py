"""SIGTERM and Ctrl-C while we work: the task at hand is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 8  # seconds for the task at hand, of the ten that service managers give the whole process


@contextmanager
def asked() -> Iterator[threading.Event]:
    """Set once SIGTERM or SIGINT has come; eight seconds later, or when it comes again, the process ends with 0."""
    told = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        if told.is_set():
            raise SystemExit(0)
        told.set()
        signal.alarm(PATIENCE)

    before = {each: signal.signal(each, leave) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        yield told
    finally:
        signal.alarm(0)
        for each, handler in before.items():
            signal.signal(each, handler)
