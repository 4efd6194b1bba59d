"""What each tick does; any engine may beat them, twice is harmless."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from integration.db.queries import joinings, paces, privacy
from integration.domain.errors import PostventaError
from integration.flows import accounts, apart, daily, dispatch, heartbeat, past, person_requests
from integration.flows import reconcile as reading
from integration.flows import watch as watching
from integration.flows.services import Services
from webhooks import inbox

BODIES_KEPT = timedelta(days=30)
PACES_KEPT = timedelta(days=60)  # longer than any mail waits for its day
log = logging.getLogger(__name__)


@cache
def place() -> str:
    """Where a process id means one process: of this machine since it booted, of this container where there are several.

    Two containers may bear one name, and each calls its process 1.
    """
    booted, ids = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    try:
        return f"{socket.gethostname()}/{booted.read_text().strip()}/{ids.stat().st_ino}"
    except OSError:
        return socket.gethostname()  # no Linux


def owner_name() -> str:
    """Who claims: this place and process."""
    return f"{place()}:{os.getpid()}"


def dead_owner(owner: str) -> bool:
    """Whether a claim's owner ran here and runs no more; this very process has only begun.

    Of one elsewhere we cannot know: its lease must pass.
    """
    where, _, pid = owner.rpartition(":")
    if where != place() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    with suppress(PermissionError):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
    return False


def drain(services: Services, going: reading.Going = lambda: True) -> int:
    """Take in what webhooks brought, until nothing is left, or `going` says no."""
    return inbox.drain(services, going)


def act(
    services: Services,
    owner: str,
    going: Callable[[], bool] = lambda: True,
    streams: Collection[str] = dispatch.STREAMS,
) -> int:
    """Run due tasks of these streams until none is left, or `going` says no; how many were run."""
    total = 0
    while ran := dispatch.run_due(services, owner, going=going, streams=streams):
        total += ran
    return total


def watch(services: Services) -> int:
    """See to parcels whose day has come, and read on where a shop's past is asked for; how much."""
    return watching.run(services) + past.turn(services)


def reconcile(services: Services, going: reading.Going = lambda: True) -> int:
    """Look at the shops whose turn it is for what their webhooks missed; how many changes were new."""

    def look(shop_id: str) -> int:
        seen = reading.look(services, shop_id, going) if going() else None
        return seen.found if seen else 0

    return apart.each(services, reading.due(services), look)


def morning(services: Services) -> int:
    """Tell the owners whose morning has come how the last day went, and of requests that are late; how many."""
    return daily.run(services) + person_requests.tell_overdue(services)


def pulse(services: Services) -> int:
    """Tell a watcher elsewhere that we live; how many heard it."""
    return int(heartbeat.beat(services))


def tidy(services: Services) -> bool:
    """Once a day: old webhook bodies go, counts of mails long sent, sessions that ended, and what was only begun.

    Whether the journal went with them; if not, `scrub` sees to that.
    """
    with services.db.writing() as session:
        accounts.tidy(session, services.clock())
        privacy.empty_bodies(session, services.clock() - BODIES_KEPT)
        paces.forget(session, services.clock() - PACES_KEPT)
        joinings.forget(session, services.clock())
    person_requests.tidy(services)
    return scrub(services)


def scrub(services: Services) -> bool:
    """Let go of the journal, where what was deleted still stands; what a reader kept goes at a later look.

    No mark says that it is owed, since a command beside us may have left it, too: an empty one costs nothing.
    """
    return services.db.scrub()


def until_idle(services: Services, owner: str, going: reading.Going = lambda: True) -> int:
    """See to parcels, drain and act until nothing is due or `going` says no; how much was done.

    What one of them raises comes when the others had their turn.
    """
    own = Round(services, owner, going)
    own.until_idle()
    own.end()
    return own.done


@dataclass
class Round:
    """Ticks one after another, for who has one thread: what one raises is told and holds up no other.

    `done` is how much was done, `problem` what was raised first.
    """

    services: Services
    owner: str
    going: reading.Going = lambda: True
    done: int = 0
    problem: Exception | None = None

    def run(self) -> None:
        """Everything that is due. What waits comes first: a look at a store takes its time."""
        self._work_off()
        self._tick("reconcile", lambda: reconcile(self.services, self.going))
        self._tick("morning", lambda: morning(self.services))
        self.until_idle()

    def until_idle(self) -> None:
        """See to parcels, drain and act until nothing is due."""
        self._tick("watch", lambda: watch(self.services))
        self._work_off()

    def tidy(self) -> None:
        """What is old goes whatever else failed; then a sign of life, if all went through."""
        if self.going():
            safely("tidy", lambda: tidy(self.services), self._failed)
        if self.going() and self.problem is None:
            safely("pulse", lambda: pulse(self.services), self._failed)

    def end(self) -> None:
        """Raise what was raised first, if anything was."""
        if self.problem is not None:
            raise self.problem

    def _tick(self, name: str, act: Callable[[], int]) -> int:
        """Do it unless we are to leave; how much it did."""
        done = safely(name, act, self._failed) or 0 if self.going() else 0
        self.done += done
        return done

    def _work_off(self) -> None:
        def some() -> int:
            drained = self._tick("drain", lambda: drain(self.services, self.going))
            return drained + self._tick("act", lambda: act(self.services, self.owner, self.going))

        while some():
            pass

    def _failed(self, error: Exception) -> None:
        self.problem = self.problem or error


def safely(name: str, act: Callable[[], int], failed: Callable[[Exception], None] = lambda _error: None) -> int | None:
    """How much a tick did; `None` when it failed: that is told and tried at the next beat, whoever beats it goes on."""
    try:
        return act()
    except Exception as error:
        if isinstance(error, PostventaError):
            log.warning("tick %s: %s", name, error)
        else:
            log.exception("tick %s failed", name)
        failed(error)
    return None
