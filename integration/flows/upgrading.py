"""Brings the database to this version, with a back-up before, so that there is a way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from integration import logs
from integration.db import schema
from integration.db.session import Database
from integration.flows import backups
from integration.settings import Settings
from integration.vault import Vault


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which revision to which; `backup` holds the database as it was."""

    before: str
    after: str
    backup: Path | None


def bring_up(
    settings: Settings, db: Database, vault: Vault, now: datetime, *,
    backup: bool = True, checkpoint: Callable[[str], None] = lambda name: None,
) -> Upgraded | None:  # fmt: skip
    """Migrate what is there, or make the tables of a new database; `None` when there was nothing to bring up.

    `Misconfigured("database_newer")`; whatever `backups.make` raises: then nothing was migrated.
    """
    before = schema.revision(db.engine)
    if before == schema.head():
        return None
    kept = backups.make(settings, db, vault, now) if before and backup else None
    checkpoint("backup_before_upgrade")
    schema.upgrade(db.engine)
    if before is None:
        return None
    logs.security("upgraded", before=before, after=schema.head())
    return Upgraded(before, schema.head(), kept)
