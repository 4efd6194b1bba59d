"""Moves an installation to another database: from SQLite to PostgreSQL when it grows, or back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from integration import logs
from integration.db import dumps, moving, places, schema
from integration.db.session import Database
from integration.domain.errors import Conflict, Misconfigured
from integration.files import held


@contextmanager
def opened(source_url: str, target_url: str) -> Iterator[tuple[Database, Database]]:
    """Both databases: one of this version that nobody uses, and one that is empty, with our tables.

    `Misconfigured("copy_source_missing")`, `("copy_source_old")`, `Conflict("database_in_use")`,
    `("copy_target_full")`.
    """
    with ExitStack() as open_:
        if places.file_of(source_url) and not _there(source_url):
            raise Misconfigured("copy_source_missing", database=str(places.file_of(source_url)))
        source = _open(open_, source_url)
        if schema.revision(source.engine) != schema.head():
            raise Misconfigured("copy_source_old")
        places.prepare(target_url)
        target = _open(open_, target_url)
        schema.upgrade(target.engine)
        moving.refuse_full(target)
        yield source, target


def copy(source: Database, target: Database, told: Callable[[int], None]) -> dict[str, int]:
    """All rows, counted on both sides; how many of each table."""
    counts = moving.copy(source, target, told)
    logs.security("database_copied", rows=sum(counts.values()))
    return counts


def size(source: Database) -> int:
    """How many rows there are to copy."""
    return sum(moving.count(source).values())


def _there(url: str) -> bool:
    file = places.file_of(url)
    return bool(file and file.exists() and file.stat().st_size)


def _open(stack: ExitStack, url: str) -> Database:
    file = places.file_of(url)
    taken = Conflict("database_in_use", database=file.name if file else "PostgreSQL")
    if file and file.parent.is_dir():
        stack.enter_context(held(Path(f"{file}.lock"), taken))
    db = Database(url)
    stack.callback(db.close)
    if file is None and dumps.used_by_others(db):
        raise taken
    return db
