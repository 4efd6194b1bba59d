"""Notes that tasks were done, with what is left to write: those of one shop together."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import outbox as rows
from integration.db.shared_commit import OUTAGES
from integration.db.tables import Task
from integration.domain.errors import Temporary
from integration.flows.services import Services

IN_ONE = 10  # verdicts in one transaction that write something else: a webhook must not wait long for the write lock
Write = Callable[[Session, datetime], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Success:
    """A task that was done, and what is to be written with its verdict if the claim still holds."""

    task: Task
    writes: Sequence[Write] = ()


def record(services: Services, successes: Sequence[Success]) -> None:
    """Note them, in as few commits as may be. One that cannot be written holds up no other, and is raised."""
    bare = [success.task for success in successes if not success.writes]
    if bare:
        with services.db.marking() as session:
            rows.finish_all(session, bare, services.clock())
    of_shops = defaultdict[str, list[Success]](list)
    for success in successes:
        if success.writes:
            of_shops[success.task.shop_id].append(success)
    for those in of_shops.values():
        for start in range(0, len(those), IN_ONE):
            _write(services, those[start : start + IN_ONE])
    for _ in successes:
        services.checkpoint("task_recorded")


def _write(services: Services, those: Sequence[Success]) -> None:
    try:
        _in_one(services, those)
    except (*OUTAGES, Temporary):
        raise  # the database's trouble, not a task's
    except Exception:
        if len(those) == 1:
            raise
        log.warning("tasks %s are noted one by one", [success.task.id for success in those])
        with ExitStack() as all_of_them:  # whatever one of them raises
            for success in reversed(those):
                all_of_them.callback(_in_one, services, [success])


def _in_one(services: Services, those: Sequence[Success]) -> None:
    with services.db.writing(those[0].task.shop_id) as session:
        now = services.clock()
        for success in those:
            if rows.finish(session, success.task, now):
                for write in success.writes:
                    write(session, now)
