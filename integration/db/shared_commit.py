"""Keeps webhook deliveries: those that arrive during one commit share the next."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from integration.db.outages import is_outage, words
from integration.db.tables import Receipt
from integration.domain.errors import Temporary

MOST = 128
PATIENCE = 30.0  # seconds for a turn: longer than a lock or a server that has vanished keeps the one before
_ROWS: Any = Receipt.__table__  # type: ignore[attr-defined]  # SQLModel adds it
_INSERT_INTO: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_SAME = ("connection_id", "delivery_key", "repeat")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A delivery to keep; another with its key within `window` (for ever when `None`) is the same delivery."""

    id: str
    connection_id: str
    shop_id: str | None
    delivery_key: str
    topic: str
    body: bytes
    received_at: datetime
    window: timedelta | None
    state: str = "kept"
    reason: str = ""
    sent_at: datetime | None = None


_GIVEN = tuple(each.name for each in fields(NewReceipt) if each.name != "window")
_DEFAULTS = {name: column.default for name, column in Receipt.model_fields.items() if name not in _GIVEN}


class SharedCommit:
    """Inserts receipts, many in one commit, without a thread of its own and without a timer.

    A caller who finds nobody at work commits, and takes along who came while the commit before was under way; then the
    next one waiting does the same. Where a commit takes 5 ms, one each would keep 160 deliveries a second.
    """

    def __init__(
        self,
        engine: Engine,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._turn, self._failed = turn, failed
        self._insert = _INSERT_INTO[engine.dialect.name](_ROWS).on_conflict_do_nothing(index_elements=_SAME)
        self._guard = Lock()
        self._waiting: deque[_Caller] = deque()
        self._at_work = False

    def keep(self, receipt: NewReceipt) -> None:
        """Insert it unless it is a repeat; back when that is committed, else `Temporary("database_busy")`.

        Who waited in vain is told the same, though another may still commit it: its key makes a repeat harmless.
        """
        caller = _Caller(receipt)
        with self._guard:
            waits, self._at_work = self._at_work, True
            if waits:
                self._waiting.append(caller)
        if waits and not caller.turn.acquire(timeout=PATIENCE) and self._leaves(caller):
            raise Temporary("database_busy", why="no turn to write came")
        if caller.failure is None:
            self._work(caller)
        if caller.failure:
            raise Temporary("database_busy", why=caller.failure)

    def _leaves(self, caller: _Caller) -> bool:
        """Whether somebody whose patience is over may go: not who was told meanwhile, or was handed the work."""
        with self._guard:
            if caller in self._waiting:
                self._waiting.remove(caller)
                return True
            return caller.failure is None and not caller.leads

    def _work(self, caller: _Caller) -> None:
        """Commit for the caller and for those who wait, tell them, and hand on the work."""
        with self._guard:
            others = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST - 1))]
        try:
            self._commit([caller, *others])
        finally:
            with self._guard:
                successors = [self._waiting.popleft()] if self._waiting else []
                self._at_work = bool(successors)
                for one in successors:
                    one.leads = True
            for one in (*successors, *others):
                one.turn.release()

    def _commit(self, callers: Sequence[_Caller]) -> None:
        """One transaction for all; when a row cannot be kept, one for each, so that it fails alone."""
        failure = ""
        try:
            with self._turn(), self._engine.begin() as connection:
                self._put(connection, [caller.receipt for caller in callers])
        except Exception as error:
            if is_outage(error):
                self._failed()
                failure = words(error)
            elif len(callers) > 1:
                for caller in callers:
                    self._commit([caller])
                return
            else:
                failure = type(error).__name__
                log.exception("receipt %s cannot be kept", callers[0].receipt.id)
        for caller in callers:
            caller.failure = failure

    def _put(self, connection: Connection, receipts: Sequence[NewReceipt]) -> None:
        receipts = sorted(receipts, key=_order)
        inserted = connection.execute(self._insert, [_row(receipt, 0) for receipt in receipts]).rowcount
        windowed = [receipt for receipt in receipts if receipt.window] if inserted < len(receipts) else []
        if windowed and (late := _late_repeats(connection, windowed)):
            connection.execute(self._insert, late)


@dataclass(slots=True, eq=False)
class _Caller:
    """Somebody with a receipt; `failure` is empty when it is kept, `None` while nobody has tried.

    Whoever `leads` was handed the work: if that one went away, nobody would commit any more.
    """

    receipt: NewReceipt
    turn: Lock = field(default_factory=Lock)
    failure: str | None = None
    leads: bool = False

    def __post_init__(self) -> None:
        self.turn.acquire()


def _order(receipt: NewReceipt) -> tuple[str, str]:
    """One for all processes: two that keep the same deliveries wait for each other in turn, never in a circle."""
    return receipt.connection_id, receipt.delivery_key


def _late_repeats(connection: Connection, receipts: Sequence[NewReceipt]) -> list[dict[str, Any]]:
    """Rows for those receipts whose key was kept before, but longer ago than their window."""
    key = (_ROWS.c.connection_id, _ROWS.c.delivery_key)
    asked = [column.in_({getattr(receipt, column.name) for receipt in receipts}) for column in key]
    columns = select(_ROWS.c.id, *key, _ROWS.c.repeat, _ROWS.c.received_at)
    newest = {(row.connection_id, row.delivery_key): row for row in connection.execute(
        columns.where(*asked).order_by(_ROWS.c.repeat))}  # fmt: skip
    late = []
    for receipt in receipts:
        last = newest[receipt.connection_id, receipt.delivery_key]
        if receipt.window and receipt.received_at - last.received_at >= receipt.window:
            late.append(_row(receipt, last.repeat + 1))
    return late


def _row(receipt: NewReceipt, repeat: int) -> dict[str, Any]:
    given = {name: getattr(receipt, name) for name in _GIVEN}
    return _DEFAULTS | given | {"repeat": repeat}
