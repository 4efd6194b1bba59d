"""A transaction in which everything may be written and nothing is kept: to see what would happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlmodel import Session

from integration.db.session import Database


class _Over(Exception):
    """Ends the transaction so that it is rolled back."""


@contextmanager
def rehearsing(database: Database) -> Iterator[Session]:
    """A session whose every change is taken back at the end; what was read from it has to be copied before."""
    with suppress(_Over), database.writing() as session:
        yield session
        raise _Over
