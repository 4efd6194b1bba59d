"""Who writes next in this process: one at a time, and webhooks before everything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

from integration.domain.errors import Temporary

_PATIENCE = 30.0  # seconds


class Turns:
    """SQLite lets one transaction write and has the others sleep and try again, so that a busy one can starve the rest.

    In one process they take turns instead. Three locks make webhooks come first: of the others only one at a time
    stands at the door, so that a webhook waits for one transaction at most.
    """

    def __init__(self) -> None:
        self._others, self._door, self._inside = Lock(), Lock(), Lock()

    @contextmanager
    def take(self, *, first: bool = False) -> Iterator[None]:
        """The turn for as long as the block; `Temporary("database_busy")` when none comes within 30 seconds."""
        with ExitStack() as held:
            if not first:
                _acquire(held, self._others)
            with ExitStack() as briefly:
                _acquire(briefly, self._door)
                _acquire(held, self._inside)
            yield


def _acquire(held: ExitStack, lock: Lock) -> None:
    if not lock.acquire(timeout=_PATIENCE):
        raise Temporary("database_busy", why="no turn to write came")
    held.callback(lock.release)
