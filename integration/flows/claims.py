"""Takes due tasks for a worker, some in one transaction: what has to wait is put off there and then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel import Session

from integration.db.outages import is_outage
from integration.db.queries import outbox as rows
from integration.db.tables import Task
from integration.domain.errors import Permanent, SinkError, Temporary
from integration.flows import pauses
from integration.flows.services import Services

DEATHS = 5  # workers that may die over one task before it is taken for their killer
FRESH = timedelta(seconds=5)  # what was taken longer ago is given back: nearly its whole lease is left to act in

log = logging.getLogger(__name__)
Hold = Callable[[Session, Services, Task, datetime], tuple[datetime | None, str]]


class Waits(Protocol):
    """What a handler says of waiting; see `dispatch.Handler`."""

    @property
    def stream(self) -> str: ...  # noqa: D102

    @property
    def hold(self) -> Hold | None: ...  # noqa: D102

    @property
    def while_paused(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task that is ours; with a `problem` it is settled at once. `after_pause`: its stream had stood still."""

    task: Task
    at: datetime
    problem: SinkError | None = None
    after_pause: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What was taken; `suspects` ended a worker before and are taken one by one; so many were put off."""

    taken: Sequence[Claimed]
    suspects: Sequence[str]
    put_off: int


def take(services: Services, handlers: Mapping[str, Waits], task_ids: Sequence[str], owner: str) -> Batch:
    """Claim what is free of these tasks, in their order.

    A worker that dies has several in hand: all of them are suspects, and the innocent clear themselves alone.
    """
    with services.db.marking() as session:
        now = services.clock()
        tasks = rows.claim(session, task_ids, owner, now, services.settings.worker.lease, handlers)
        suspects = [task for task in tasks if task.lapses and len(tasks) > 1]
        rows.give_back(session, suspects)
        free = [task for task in tasks if task not in suspects]
        pause_of = pauses.standings(session, {task.shop_id for task in free}, now)
        looked_at = [_look(session, services, handlers[task.kind], task, now, pause_of) for task in free]
        taken = [claimed for claimed in looked_at if claimed is not None]
        rows.mark_tried(session, [claimed.task for claimed in taken], now)
    return Batch(taken, [task.id for task in suspects], len(free) - len(taken))


def give_back(services: Services, tasks: Sequence[Task]) -> None:
    """Let others have what we do not come to."""
    if tasks:
        with services.db.marking() as session:
            rows.give_back(session, tasks)


def stream_of(handler: Waits, task: Task) -> str:
    """What stands still when the other side refuses it: its stream, or of our own one this kind alone."""
    return handler.stream or task.kind


def fresh(services: Services, claimed: Claimed) -> bool:
    """Whether it was taken just now; what stood behind a slow mail server was not."""
    return services.clock() - claimed.at <= FRESH


def _look(
    session: Session,
    services: Services,
    handler: Waits,
    task: Task,
    now: datetime,
    pause_of: Callable[[str, str], pauses.Standing],
) -> Claimed | None:
    """The task, as it goes now; `None` when it has to wait."""
    if task.lapses >= DEATHS:
        return Claimed(task, now, Permanent("kills_the_worker"))
    standing = pause_of(task.shop_id, stream_of(handler, task))
    if handler.while_paused:
        standing = standing.passed()
    until, reason = standing.until, standing.reason
    if not until and task.useless_after and task.useless_after < now:
        return Claimed(task, now, Permanent("useless_now"))
    if not until and handler.hold:
        try:
            with session.begin_nested():  # what fails in it would end the transaction of all
                until, reason = handler.hold(session, services, task, now)
        except Exception as error:  # of this task alone: those beside it are claimed
            if is_outage(error):
                raise
            log.exception("whether task %s (%s) has to wait is unknown", task.id, task.kind)
            return Claimed(task, now, Temporary("unexpected", why=type(error).__name__))
    if until:
        rows.settle(session, task, state="ready", due_at=until, reason=reason, failing_since=None)
        return None
    return Claimed(task, now, after_pause=standing.over)
