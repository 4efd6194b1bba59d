"""Notes that a task failed, and what comes of that: another try, a rest of its stream, a person, or its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlmodel import Session

from integration.db.outages import is_outage
from integration.db.queries import outbox as rows
from integration.db.tables import Task
from integration.domain.errors import SinkError
from integration.flows import alerts, claims, owed, pauses
from integration.flows.services import Services
from integration.rules import retries

Failed = Callable[[Session, Services, Task, SinkError, retries.Verdict, datetime], retries.Verdict]
log = logging.getLogger(__name__)


class Fails(claims.Waits, Protocol):
    """What a handler makes of a failure; see `dispatch.Handler`."""

    @property
    def failed(self) -> Failed: ...  # noqa: D102


def record(services: Services, task: Task, handler: Fails, error: SinkError) -> bool:
    """Note it; false when its stream stands still from now on.

    What cannot be noted now is owed, but for what reaches nobody outside: that is done again.
    """
    log.info("task %s (%s): %s", task.id, task.kind, error)
    try:
        return note(services, task, handler, error)
    except Exception as problem:
        if is_outage(problem) and handler.stream:
            error.__context__ = error.__cause__ = None  # with its traceback it would keep all that it was raised over
            owed.owe(services, [task], partial(note, services, task, handler, error.with_traceback(None)))
        raise


def note(services: Services, task: Task, handler: Fails, error: SinkError) -> bool:
    """The same, owing nothing."""
    try:
        return _noted(services, task, handler, error, _settle)
    except Exception as problem:
        if is_outage(problem):
            raise
        log.exception("what comes of task %s (%s) is unknown", task.id, task.kind)
    return _noted(services, task, handler, error, _settle_bare)


def _noted(
    services: Services, task: Task, handler: Fails, error: SinkError, settle: Callable[..., retries.Verdict]
) -> bool:
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        if not rows.holds(session, task):
            return True  # another worker has it, and its word counts
        return not isinstance(settle(session, services, task, handler, error, now), retries.Pause)


def _settle(
    session: Session, services: Services, task: Task, handler: Fails, error: SinkError, now: datetime
) -> retries.Verdict:
    verdict = handler.failed(session, services, task, error, _verdict(task, error, now), now)
    match verdict:
        case retries.Retry(at):
            _try_again(session, task, error, at, now)
        case retries.Pause():
            until = pauses.begin(session, services, task.shop_id, claims.stream_of(handler, task), error, now)
            rows.settle(session, task, state="ready", due_at=until, reason=error.code, failing_since=None, lapses=0)
        case retries.Park():
            rows.settle(session, task, state="ambiguous", reason=error.code, done_at=now)
        case retries.Dead(reason):
            rows.settle(session, task, state="dead", reason=reason, done_at=now)
            if reason != "erased":
                alerts.tell_stopped(session, services, task, now)
    return verdict


def _settle_bare(
    session: Session, _services: Services, task: Task, _handler: Fails, error: SinkError, now: datetime
) -> retries.Verdict:
    """Nothing but the task's own row, since more cannot be written: else it would be tried for ever, and nobody told.

    Who looks at what has stopped sees it there in the end.
    """
    verdict = _verdict(task, error, now)
    if isinstance(verdict, retries.Park):  # it may be out: a person decides
        rows.settle(session, task, state="ambiguous", reason=error.code, done_at=now)
        return verdict
    if isinstance(verdict, retries.Dead) or task.lapses >= claims.DEATHS:
        rows.settle(session, task, state="dead", reason=error.code, done_at=now)
        return retries.Dead(error.code)
    at = verdict.at if isinstance(verdict, retries.Retry) else now + pauses.PAUSE
    _try_again(session, task, error, at, now)
    return retries.Retry(at)


def _verdict(task: Task, error: SinkError, now: datetime) -> retries.Verdict:
    return retries.verdict(error, task.attempts, now, task.key, _since(task, now))


def _since(task: Task, now: datetime) -> datetime:
    """A pause or a hold begins it anew: what stood still has not been failing."""
    return task.failing_since or now


def _try_again(session: Session, task: Task, error: SinkError, at: datetime, now: datetime) -> None:
    again = {"attempts": task.attempts + 1, "failing_since": _since(task, now), "lapses": 0}
    rows.settle(session, task, state="ready", due_at=at, reason=error.code, **again)
