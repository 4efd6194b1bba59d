"""The embedded engine: APScheduler with its memory store beats the ticks; effects live in rows, never in jobs."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from integration.flows import dispatch
from integration.flows.services import Services
from integration.worker import ticks
from integration.worker.threads import see_off

# A hand for each stream: a store that hangs holds up no mail, and a slow mail server no code.
_ACTING = {f"act-{stream or 'own'}": stream for stream in dispatch.STREAMS}
_WOKEN = ("drain", *_ACTING)
_TIMED = {"watch": 60, "reconcile": 60, "morning": 60, "scrub": 60, "pulse": 300, "tidy": 86400}
"""Seconds between looks at what is due; the first one is at start, or what restarts every night would never be tidy."""
_REST = 0.05  # seconds after a look that found nothing: every task that ends rings, and most rings are for others


class Embedded:
    """Ticks in threads of this process; `wake` makes the next one come at once."""

    def __init__(self, poll_seconds: float) -> None:
        self._poll = poll_seconds
        self._bells = {name: threading.Event() for name in (*_WOKEN, *_TIMED)}
        self._told = math.inf  # when we were told to leave
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._rounds: Counter[str] = Counter()
        self._scheduler = BackgroundScheduler(timezone=UTC)

    def wake(self) -> None:
        """There is something to do."""
        self._ring(*_WOKEN)

    def _ring(self, *names: str) -> None:
        for name in names:
            self._bells[name].set()

    def start(self, services: Services) -> None:
        """Free what a dead predecessor held and begin to tick."""
        owner = ticks.owner_name()
        dispatch.free_lapsed(services, ticks.dead_owner)
        self._loop("drain", lambda: self._drain(services))
        for name, stream in _ACTING.items():
            self._loop(name, partial(ticks.act, services, owner, self._going, (stream,)))
        self._loop("watch", lambda: ticks.watch(services))
        self._loop("reconcile", lambda: ticks.reconcile(services, self._going))
        self._loop("morning", lambda: ticks.morning(services))
        self._loop("scrub", lambda: ticks.scrub(services))
        self._loop("pulse", lambda: self._pulse(services))
        self._loop("tidy", lambda: ticks.tidy(services))
        every = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(self.wake, "interval", seconds=self._poll, **every)
        for name, seconds in _TIMED.items():
            self._scheduler.add_job(self._ring, "interval", args=[name], id=name, seconds=seconds, **every)
        self._scheduler.start()
        self._ring(*self._bells)

    def leave(self) -> None:
        """Begin nothing any more; `stop` does the rest. A signal's handler may call it: it takes no lock."""
        self._told = min(self._told, time.monotonic())

    def stop(self, patience: float = 8) -> None:
        """End after the task at hand, at most `patience` seconds after we were told to leave."""
        self.leave()
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._ring(*self._bells)
        see_off(*self._threads, until=self._told + patience)

    def _going(self) -> bool:
        return self._told == math.inf

    def _pulse(self, services: Services) -> int:
        """Tell the watcher only when both inbox and outbox were gone through since the last time."""
        alive = all(self._rounds[name] for name in _WOKEN)
        self._rounds = Counter()
        return ticks.pulse(services) if alive else 0

    def _drain(self, services: Services) -> int:
        taken = ticks.drain(services, self._going)
        if taken:
            self._ring(*_ACTING)  # they were rung when the webhook came, and may have looked before this put the tasks
        return taken

    def _loop(self, name: str, tick: Callable[[], int]) -> None:
        bell = self._bells[name]

        def run() -> None:
            while self._going():
                bell.wait()
                bell.clear()
                if not self._going():
                    return
                done = ticks.safely(name, tick)
                self._rounds[name] += done is not None
                if not done:
                    self._stopping.wait(_REST)

        thread = threading.Thread(target=run, name=f"postventa-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()
