"""Back-ups: a whole copy of the database, sound, sealed with a key of ours, under its name only when complete (D15)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from integration import __version__, logs
from integration.db import copies, dumps, places, schema
from integration.db.session import Database
from integration.domain.errors import Conflict, Misconfigured, Permanent
from integration.files import held, replacing
from integration.sealing import seal, unseal
from integration.settings import Settings
from integration.vault import Vault

FORMAT = "postventa-backup-1"
_PATTERN = "postventa-????????T??????Z.backup"
_NAME = "postventa-%Y%m%dT%H%M%SZ.backup"
_FIRST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a back-up, in the clear: which key opens it, and what is inside."""

    format: str
    database: str
    revision: str
    key: str
    salt: str
    made_at: str
    version: str

    @property
    def line(self) -> bytes:
        """As it stands in the file; the sealed pieces are bound to it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @property
    def time(self) -> datetime:
        """When the copy was taken."""
        return datetime.fromisoformat(self.made_at)


def make(
    settings: Settings, db: Database, vault: Vault, now: datetime, to: Path | None = None, *,
    drop: bool = True, newer: bool = False, checkpoint: Callable[[str], None] = lambda name: None,
) -> Path:  # fmt: skip
    """Back up into `to`, else `[backup] folder`, and `drop` all there but the newest `keep`; the new file.

    `newer` keeps what a newer version wrote, too; only that version can go back to it.
    `Permanent("database_unsound")`, `("dump_failed")`, `("backup_not_written")`: then nothing was dropped.
    """
    revision = schema.revision(db.engine, newer=newer)
    if revision is None:
        raise Conflict("nothing_to_back_up", database=db.engine.url.database)
    folder = to or settings.path(settings.backup.folder)
    _apart_from_key(settings, folder)
    kind, salt = db.engine.dialect.name, secrets.token_hex(16)
    header = Header(FORMAT, kind, revision, vault.current, salt, now.isoformat(), __version__)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(folder, Conflict("folder_busy", folder=folder.name)):
            path = _unused(folder, now)
            _write(path, header, vault, _content(db), checkpoint)
            if drop:
                _drop(folder, settings.backup.keep)
    except OSError as error:
        raise Permanent("backup_not_written", folder=str(folder), why=error.strerror or "?") from error
    logs.security("backup_made", made_at=f"{now:%Y-%m-%dT%H:%MZ}", key=vault.current)
    return path


def newest(settings: Settings) -> datetime | None:
    """When the newest back-up in `[backup] folder` was made."""
    names = sorted(path.name for path in settings.path(settings.backup.folder).glob(_PATTERN))
    return datetime.strptime(names[-1], _NAME).replace(tzinfo=UTC) if names else None


@contextmanager
def opened(path: Path, vault: Vault) -> Iterator[tuple[Header, Iterator[bytes]]]:
    """Header and content of a back-up.

    `Misconfigured("not_a_backup")`, `("key_missing")`; the content raises `Permanent("backup_damaged")`.
    """
    with path.open("rb") as file:
        yield _read(file, path.name, vault)


def _read(file: IO[bytes], name: str, vault: Vault) -> tuple[Header, Iterator[bytes]]:
    header = _header(name, file.readline(_FIRST_LINE))
    return header, unseal(file, _key(header, vault), header.line)


def _header(name: str, line: bytes) -> Header:
    try:
        header = Header(**{name: str(value) for name, value in json.loads(line).items()})
        header.time  # noqa: B018  a header whose time cannot be read is none
    except (ValueError, TypeError, AttributeError) as error:
        raise Misconfigured("not_a_backup", file=name) from error
    if header.format != FORMAT:
        raise Misconfigured("not_a_backup", file=name)
    return header


def _key(header: Header, vault: Vault) -> bytes:
    """A key for this file alone."""
    return hmac.new(vault.derive("backup", header.key), header.salt.encode(), hashlib.sha256).digest()


def _unused(folder: Path, now: datetime) -> Path:
    """A name that sorts by time; two of one second stand a second apart."""
    while (path := folder / now.strftime(_NAME)).exists():
        now += timedelta(seconds=1)
    return path


def _apart_from_key(settings: Settings, folder: Path) -> None:
    """Who takes the folder must not take the key with it."""
    key = settings.path(settings.keys.file).resolve()
    if not settings.keys.value and key.parent == folder.resolve():
        raise Misconfigured("backup_beside_key", folder=str(folder), file=key.name)


def _content(db: Database) -> AbstractContextManager[IO[bytes]]:
    file = places.file_of(db.url)
    return copies.copied(file) if file else dumps.dumped(db.engine.url)


def _write(
    path: Path,
    header: Header,
    vault: Vault,
    content: AbstractContextManager[IO[bytes]],
    checkpoint: Callable[[str], None],
) -> None:
    with replacing(path) as target:
        target.write(header.line)
        with content as source:
            checkpoint("backup_copied")
            seal(source, target, _key(header, vault), header.line)
        checkpoint("backup_sealed")
        target.seek(0)
        look_through(*_read(target, path.name, vault))


def look_through(header: Header, pieces: Iterator[bytes]) -> None:
    """Read all of a back-up, as a restore would: one that nobody can read is none."""
    if header.database == "postgresql":
        dumps.check(pieces)
    for _ in pieces:
        pass


def _drop(folder: Path, keep: int) -> None:
    for old in sorted(folder.glob(_PATTERN), key=lambda path: path.name)[:-keep]:
        old.unlink()
    for half in folder.glob(f".{_PATTERN}.part"):
        half.unlink()
