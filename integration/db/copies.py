"""A whole SQLite database as one file: copied while others write, looked through, put in another's place (E9)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from integration.domain.errors import Conflict, Permanent
from integration.files import held

_BESIDE = ("-wal", "-shm")


@contextmanager
def copied(file: Path) -> Iterator[IO[bytes]]:
    """A sound copy of the database, open for reading and without a name any more, so that no crash leaves it behind.

    Until it is whole it lies beside the database, 0600; what a killed process left there is taken over.
    """
    copy = file.with_name(f".{file.name}.copy")
    with held(copy, Conflict("folder_busy", folder=file.parent.name)):
        os.truncate(copy, 0)  # VACUUM INTO takes an empty file and keeps its mode; a new one would be 0644
        try:
            with closing(sqlite3.connect(file, isolation_level=None)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            check(copy)
            source = copy.open("rb")
        except sqlite3.OperationalError as error:
            check(file)  # a damaged page may read as a full disk
            raise Permanent("backup_not_written", folder=str(copy.parent), why=str(error)[:80]) from error
        except sqlite3.Error as error:
            raise _unsound(error) from error
        finally:
            copy.unlink()
    with source:
        yield source


def check(file: Path) -> None:
    """`Permanent("database_unsound")` when SQLite finds anything wrong with the file."""
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            found += connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error as error:
        raise _unsound(error) from error
    if found != [("ok",)]:
        raise Permanent("database_unsound", why=str(found[0][0])[:80])


def put_in_place(new: Path, file: Path, aside: Path) -> None:
    """`new` becomes `file` in one step, and what was there is kept as `aside`; nobody may have either open.

    The old write-ahead log goes first: SQLite would apply it to the new file.
    """
    if file.exists() and file.stat().st_size:
        with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for end in _BESIDE:
            with suppress(FileNotFoundError):
                Path(f"{file}{end}").rename(f"{aside}{end}")
        os.link(file, aside)
        aside.chmod(0o600)
    new.replace(file)


def _unsound(error: sqlite3.Error) -> Permanent:
    return Permanent("database_unsound", why=str(error)[:80])
