"""Python's search for garbage, kept from where there is none: modules being read, and what stays for good."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reading_code() -> Iterator[None]:
    """No search while modules are read: they make no garbage, and looking for it took a sixth of a start."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def keep_what_is_there() -> None:
    """What a server put together before its first request stays until it ends: it is not searched again."""
    gc.collect()
    gc.freeze()
