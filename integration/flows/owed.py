"""What could not be noted while the database was away: noted by this process as soon as it is back."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

from integration.db.outages import is_outage
from integration.db.session import Database
from integration.flows.services import Services

Note = Callable[[], object]
_OWED: WeakKeyDictionary[Database, deque[Note]] = WeakKeyDictionary()
log = logging.getLogger(__name__)


def owe(services: Services, note: Note) -> None:
    """Note this later. Our claim lasts for minutes; once it is over, the note finds that it is another's."""
    _OWED.setdefault(services.db, deque()).append(note)


def pay(services: Services) -> None:
    """Note what is owed; what still cannot be stays owed."""
    owed = _OWED.get(services.db) or deque[Note]()
    for _ in range(len(owed)):
        try:
            note = owed.popleft()
        except IndexError:  # another thread pays, too
            return
        try:
            note()
        except Exception as error:
            if is_outage(error):
                owed.append(note)
            else:
                log.exception("what was owed cannot be noted")
