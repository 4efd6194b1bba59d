"""What says that the database, not the row, is in trouble: held by another, full, restarting, gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from integration.domain.errors import Temporary

_SQLITE = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip
_NO_SAVEPOINT = "no such savepoint"  # SQLite's, once a full disk has ended the whole transaction: see what was before
READ_ONLY = "25006"  # an `OperationalError` where the server takes no changes; readers of ours are told otherwise
# Connections, who may connect, deadlocks, room, locks, cancelled or shut down, the system beneath, too long idle.
_POSTGRESQL = ("08", "28", "3D", "40", "53", "55P03", "57", "58", "25P03", "25P04")


def is_outage(error: BaseException) -> bool:
    """Whether nothing can be kept now, whatever it is: whoever works on many things stops there, and comes again.

    An error of one row is none, or that row would hold up all others: a value too long for an index is an
    `OperationalError` to PostgreSQL's driver, and to SQLite's any error of a statement.
    """
    if isinstance(error, Temporary):
        return error.code == "database_busy"
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    if _of_driver(error.orig) or (isinstance(error, OperationalError) and _state(error.orig) == READ_ONLY):
        return True
    return _NO_SAVEPOINT in str(error.orig) and any(map(is_outage, _before(error)))


def words(error: BaseException) -> str:
    """What the driver says of it in one line, never empty."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0][:120] if said else type(error).__name__


def _before(error: BaseException) -> Iterator[BaseException]:
    """What it was raised in the handling of."""
    while error.__context__ is not None:
        error = error.__context__
        yield error


def _of_driver(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE
    if state := _state(error):
        return state.startswith(_POSTGRESQL)
    return type(error).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout")  # no server spoke


def _state(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""
