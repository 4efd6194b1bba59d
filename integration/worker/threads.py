"""Threads that end with the process: their end is waited for."""

from __future__ import annotations

import threading
import time

PATIENCE = 5.0  # seconds, of the ten that service managers give the whole process


def see_off(*threads: threading.Thread, until: float | None = None) -> None:
    """Wait for the end of threads that were told to end, until `until` by `time.monotonic()`, else five seconds in all.

    One that never began has ended. An interpreter that ends stops its daemon threads wherever they are. One that holds
    a lock then, `logging`'s for instance, would keep the process waiting for ever.
    """
    end = time.monotonic() + PATIENCE if until is None else until
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))
