"""What could not be noted while the database was away: noted by this process as soon as it is back."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from integration.db.outages import is_outage
from integration.db.queries import outbox as rows
from integration.db.session import Database
from integration.db.tables import Task
from integration.flows.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Note:
    """What is to be written about tasks, for as long as one of them is still ours."""

    tasks: Sequence[Task]
    write: Callable[[], object]

    @property
    def shop_ids(self) -> set[str]:
        return {task.shop_id for task in self.tasks}


_OWED: WeakKeyDictionary[Database, deque[_Note]] = WeakKeyDictionary()


def owe(services: Services, tasks: Sequence[Task], write: Callable[[], object]) -> None:
    """Write this later."""
    _OWED.setdefault(services.db, deque()).append(_Note(tasks, write))


def pay(services: Services, going: Callable[[], bool]) -> None:
    """Write what is owed, until `going` says no. What cannot be written stays owed, and of each shop is tried once."""
    owed, held = _OWED.get(services.db) or deque[_Note](), set[str]()
    for _ in range(len(owed)):
        if not going():
            return
        try:
            note = owed.popleft()
        except IndexError:  # another thread pays, too
            return
        if held & note.shop_ids or not _paid(services, note):
            held |= note.shop_ids
            owed.append(note)


def _paid(services: Services, note: _Note) -> bool:
    """Whether nothing of it is owed any more; another's claim is seen without waiting for the rows of the shop."""
    try:
        with services.db.reading() as session:
            ours = rows.any_ours(session, note.tasks)
        if ours:
            note.write()
    except Exception as error:
        if is_outage(error):
            return False
        log.exception("what was owed cannot be written")
    return True
