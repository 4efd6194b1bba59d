"""Threads that end with the process: their end is waited for."""

from __future__ import annotations

import threading

PATIENCE = 5.0  # seconds, of the ten that service managers give the whole process


def see_off(thread: threading.Thread) -> None:
    """Wait for the end of a thread that was told to end; one that never began has ended.

    An interpreter that ends stops its daemon threads wherever they are. One that holds a lock then, `logging`'s for
    instance, would keep the process waiting for ever.
    """
    if thread.is_alive():
        thread.join(PATIENCE)
