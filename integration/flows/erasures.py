"""The ledger of erasures: a file beside the database, so that no old copy of it brings an erased person back (D14).

It holds our id of the shop, the store's id of the order and the time, and nothing about the person. A line is written
before the erasure is committed: one too many erases what was to be erased anyway, one too few could not be told.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from integration.settings import Settings

NAME = "postventa.erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """The shopper of one order was erased."""

    shop: str
    order: str
    at: datetime


def ledger(settings: Settings) -> Path:
    """Where the ledger lies."""
    return settings.path(NAME)


def note(settings: Settings, erasure: Erasure) -> None:
    """Add a line, on disk when this returns. It begins with a line end: one that a crash cut off spoils no other."""
    line = "\n" + json.dumps(asdict(erasure), default=datetime.isoformat)
    handle = os.open(ledger(settings), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def noted(settings: Settings) -> Iterator[Erasure]:
    """Every erasure that was noted, oldest first."""
    path = ledger(settings)
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        found = _read(line)
        if found:
            yield found


def _read(line: str) -> Erasure | None:
    try:
        values: dict[str, Any] = json.loads(line)
        return Erasure(values["shop"], values["order"], datetime.fromisoformat(values["at"]))
    except (ValueError, KeyError, TypeError):
        return None
