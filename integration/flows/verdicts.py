"""Notes that tasks were done, with what is left to write: those of one shop together."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import outbox as rows
from integration.db.shared_commit import is_outage
from integration.db.tables import Task
from integration.flows.services import Services

IN_ONE = 10  # verdicts in one transaction that write something else: a webhook must not wait long for the write lock
Write = Callable[[Session, datetime], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Success:
    """A task that was done, and what is to be written with its verdict if the claim still holds."""

    task: Task
    writes: Sequence[Write] = ()


def record(services: Services, successes: Sequence[Success]) -> Sequence[tuple[Success, str]]:
    """Note them, in as few commits as may be; those that could not be noted, each with what it raised."""
    bare = [success.task for success in successes if not success.writes]
    if bare:
        with services.db.marking() as session:
            rows.finish_all(session, bare, services.clock())
    of_shops = defaultdict[str, list[Success]](list)
    for success in successes:
        if success.writes:
            of_shops[success.task.shop_id].append(success)
    groups = [those[at : at + IN_ONE] for those in of_shops.values() for at in range(0, len(those), IN_ONE)]
    failed = [failure for group in groups for failure in _write(services, group)]
    for _ in successes:
        services.checkpoint("task_recorded")
    return failed


def _write(services: Services, those: Sequence[Success]) -> Sequence[tuple[Success, str]]:
    """Together, or if that fails each alone, so that one that fails holds up no other."""
    try:
        _in_one(services, those)
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("tasks %s could not be noted", " ".join(success.task.id for success in those))
        if len(those) == 1:
            return [(those[0], type(error).__name__)]
        return [failure for success in those for failure in _write(services, [success])]
    return []


def _in_one(services: Services, those: Sequence[Success]) -> None:
    with services.db.writing(those[0].task.shop_id) as session:
        now = services.clock()
        for success in those:
            if rows.finish(session, success.task, now):
                for write in success.writes:
                    write(session, now)
