"""Goes back to a back-up: proven before anything is touched, what was there is kept aside, nobody erased returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from emails.catalogue import KINDS
from integration import logs
from integration.db import copies, dumps, places, schema
from integration.db.queries import restoring as rows
from integration.db.session import Database
from integration.db.tables import Task
from integration.domain.errors import Conflict, Misconfigured, Permanent
from integration.files import held, replacing
from integration.flows import backups, keys, privacy
from integration.settings import Settings
from integration.vault import Vault

_IN_DOUBT = "restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """From when the data is, how many erasures were done again, how many surveys wait for a person, what was there."""

    made_at: datetime
    erased: int
    in_doubt: int
    aside: Path | None


def restore(settings: Settings, vault: Vault, file: Path, now: datetime, *, force: bool) -> Restored:
    """Put a back-up in the place of the database.

    `Conflict("database_exists")` unless `force`; `Conflict("database_in_use")` while anything of ours has it open;
    `Misconfigured("not_a_backup")`, `("backup_of_other_database")`, `("key_missing")`, `("wrong_key")`,
    `("database_newer")`, `Permanent("backup_damaged")`: then nothing was touched.
    """
    with backups.opened(file, vault) as (header, pieces):
        backups.look_through(header, pieces)
    schema.refuse_newer(header.revision)
    place = places.file_of(settings.database_url)
    if (header.database == "sqlite") != (place is not None):
        raise Misconfigured("backup_of_other_database", file=file.name, database=header.database)
    restored = _file(settings, vault, file, place, now, force) if place else _dump(settings, vault, file, now, force)
    logs.security("restored", made_at=f"{restored.made_at:%Y-%m-%dT%H:%MZ}", erased=restored.erased)
    return restored


def _file(settings: Settings, vault: Vault, file: Path, place: Path, now: datetime, force: bool) -> Restored:
    if place.exists() and place.stat().st_size and not force:
        raise Conflict("database_exists", database=place.name)
    places.prepare(settings.database_url)
    new = place.with_name(f".{place.name}.restored")
    with held(place.with_name(f"{place.name}.lock"), Conflict("database_in_use", database=place.name)):
        try:
            with backups.opened(file, vault) as (header, pieces), replacing(new) as target:
                for piece in pieces:
                    target.write(piece)
            copies.check(new)
            erased, in_doubt = _brought_up(Database(f"sqlite:///{new}"), settings, vault, now)
            aside = _aside(place, now)
            copies.put_in_place(new, place, aside)
        except OSError as error:
            raise Permanent("database_not_written", database=place.name, why=error.strerror or "?") from error
        finally:
            for end in ("", "-wal", "-shm"):
                Path(f"{new}{end}").unlink(missing_ok=True)
    return Restored(header.time, erased, in_doubt, aside if aside.exists() else None)


def _aside(place: Path, now: datetime) -> Path:
    while (aside := place.with_name(f"{place.name}.before-{now:%Y%m%dT%H%M%SZ}")).exists():
        now += timedelta(seconds=1)
    return aside


def _dump(settings: Settings, vault: Vault, file: Path, now: datetime, force: bool) -> Restored:
    db = Database(settings.database_url)
    try:
        name = db.engine.url.database
        used = schema.revision(db.engine, newer=True) is not None
        if used and not force:
            raise Conflict("database_exists", database=name)
        if dumps.used_by_others(db):
            raise Conflict("database_in_use", database=name)
        aside = backups.make(settings, db, vault, now, drop=False, newer=True) if used else None
        db.close()
        with backups.opened(file, vault) as (header, pieces):
            dumps.load(db.engine.url, pieces)
        erased, in_doubt = _brought_up(db, settings, vault, now)
    finally:
        db.close()
    return Restored(header.time, erased, in_doubt, aside)


def _brought_up(db: Database, settings: Settings, vault: Vault, now: datetime) -> tuple[int, int]:
    """Migrate what was restored, see that our keys open it, and bring it to terms with what happened since."""
    try:
        schema.upgrade(db.engine)
        keys.check(db, vault)
        erased = privacy.erase_again(db, settings, now)
        with db.writing() as session:
            rows.end_sessions(session)
            return erased, _doubt_surveys(session, now)
    finally:
        db.close()


def _doubt_surveys(session: Session, now: datetime) -> int:
    """A survey that was due may have left since; it never leaves twice, so a person decides (E4)."""
    mails = [(task, mail) for task, mail in rows.waiting_mails(session, now) if _is_survey(mail.kind)]
    for task, mail in mails:
        mail.state, mail.reason = "ambiguous", _IN_DOUBT
        _park(task, now)
    steps = [task for task, step in rows.waiting_followups(session, now) if _is_survey(step.kind)]
    for task in steps:
        _park(task, now)
    return len(mails) + len(steps)


def _is_survey(kind: str) -> bool:
    return KINDS[kind].category == "survey"


def _park(task: Task, now: datetime) -> None:
    task.state, task.reason, task.done_at = "ambiguous", _IN_DOUBT, now
