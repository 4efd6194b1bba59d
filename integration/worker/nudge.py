"""Tells the workers of a broker that there is something to do."""

from __future__ import annotations

import logging
import threading

from celery import Celery
from kombu.exceptions import KombuError

from integration.flows.services import Services
from integration.worker.threads import see_off

TICK = "postventa.tick"
TICKS = "postventa.ticks"  # the queue of all that only hands on
BREATH = 0.25  # seconds between two nudges of one process
log = logging.getLogger(__name__)


class Nudge:
    """Sends these ticks, soon and at most every quarter of a second; never in a request.

    A broker that is away is no harm: the ticks look by themselves.
    """

    def __init__(self, app: Celery, *names: str) -> None:
        self._app, self._names = app, names
        self._bell, self._over = threading.Event(), threading.Event()
        self._left = False
        self._thread = threading.Thread(target=self._run, name="postventa-nudge", daemon=True)
        self._began = threading.Lock()

    def wake(self) -> None:
        """There is something to do."""
        self._bell.set()
        if self._began.acquire(blocking=False):
            self._thread.start()

    def start(self, services: Services) -> None:
        """Nothing works in this process."""

    def leave(self) -> None:
        """Send no more; `stop` does the rest. A signal's handler may call it: it takes no lock."""
        self._left = True

    def stop(self, until: float | None = None) -> None:
        """Send no more, and wait for the one on its way, as `see_off` does."""
        self.leave()
        self._over.set()
        self._bell.set()
        see_off(self._thread, until=until)

    def _going(self) -> bool:
        return not self._left

    def _run(self) -> None:
        while self._bell.wait() and self._going():
            self._bell.clear()
            for name in self._names:
                if not self._going():
                    return
                try:
                    self._app.send_task(TICK, [name], queue=TICKS, expires=60, retry=False)
                except (KombuError, OSError) as error:
                    log.info("nudge: %s", type(error).__name__)
            self._over.wait(BREATH)
