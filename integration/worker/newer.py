"""Ends a worker of the broker's when a newer version has taken over the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from celery.worker import state

from integration.db import schema
from integration.db.session import Database
from integration.domain.errors import Misconfigured, PostventaError
from integration.worker.threads import see_off

LOOK_AROUND = 5.0  # seconds between two looks
log = logging.getLogger(__name__)


class Watch(threading.Thread):
    """Looks at the database beside the worker; `problem` is what to tell when it ended because of it."""

    def __init__(self, url: str, leave: Callable[[], None]) -> None:
        super().__init__(name="postventa-watch", daemon=True)
        self._url, self._leave = url, leave
        self._over = threading.Event()
        self.problem: PostventaError | None = None

    def run(self) -> None:
        """Look every few seconds, until stopped."""
        db = Database(self._url)
        while not self._over.wait(LOOK_AROUND):
            try:
                schema.revision(db.engine)
            except Misconfigured as error:
                self.problem, state.should_stop = error, 2
                self._leave()
                break
            except PostventaError as error:
                log.info("watch: %s", error.code)
        db.close()

    def stop(self, until: float | None = None) -> None:
        """The worker has ended; wait for this thread's end as `see_off` does."""
        self._over.set()
        see_off(self, until=until)
