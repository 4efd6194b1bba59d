"""Notes that tasks were done, with what is left to write: those of one shop together."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.outages import is_outage
from integration.db.queries import outbox as rows
from integration.db.tables import Task
from integration.flows.apart import Trouble
from integration.flows.services import Services

IN_ONE = 10  # verdicts in one transaction that write something else: a webhook must not wait long for the write lock
Write = Callable[[Session, datetime], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Success:
    """A task that was done, and what is to be written with its verdict if the claim still holds."""

    task: Task
    writes: Sequence[Write] = ()


def record(services: Services, successes: list[Success], trouble: Trouble) -> Sequence[tuple[Success, str]]:
    """Note them, in as few commits as may be; those whose writing failed, each with what it raised.

    What cannot be noted now, since the database or rows of its shop are held, is left in `successes`.
    """
    failed = list[tuple[Success, str]]()
    for group in _groups(successes):
        with trouble.at(f"tasks {_ids(group)}"):
            odd = _note(services, group)
            failed += odd
            for success in group:
                if success not in [each for each, _ in odd]:
                    successes.remove(success)
                services.checkpoint("task_recorded")
    for success, _ in failed:
        successes.remove(success)
    return failed


def _groups(successes: Sequence[Success]) -> Sequence[Sequence[Success]]:
    bare = [success for success in successes if not success.writes]
    of_shops = defaultdict[str, list[Success]](list)
    for success in successes:
        if success.writes:
            of_shops[success.task.shop_id].append(success)
    writing = [those[at : at + IN_ONE] for those in of_shops.values() for at in range(0, len(those), IN_ONE)]
    return [bare, *writing] if bare else writing


def _ids(successes: Sequence[Success]) -> str:
    return " ".join(success.task.id for success in successes)


def _note(services: Services, those: Sequence[Success]) -> Sequence[tuple[Success, str]]:
    if any(success.writes for success in those):
        return _write(services, those)
    with services.db.marking() as session:
        rows.finish_all(session, [success.task for success in those], services.clock())
    return []


def _write(services: Services, those: Sequence[Success]) -> Sequence[tuple[Success, str]]:
    """Together, or if that fails each alone, so that one that fails holds up no other."""
    try:
        _in_one(services, those)
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("tasks %s could not be noted", _ids(those))
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
