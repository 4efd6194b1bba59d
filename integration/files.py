"""Files that only their owner reads, that are there whole or not at all, and that one process holds at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from integration.domain.errors import PostventaError


def work_as_owner(config: Path) -> None:
    """As root, go on as the one whom the config (or, before there is one, its folder) belongs to, if that is not root.

    What is then written can be read by the service, whoever typed the command.
    """
    place = config if config.exists() else config.absolute().parent
    if os.geteuid() != 0 or not place.exists() or (owner := place.stat()).st_uid == 0:
        return
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


@contextmanager
def held(path: Path, taken: PostventaError, *, shared: bool = False) -> Iterator[None]:
    """Hold a folder, or a lock file that is made here; raises `taken` at once when a process holds it otherwise.

    The kernel lets go when the process ends, however it ends. Lock files are left behind: removing one would race.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        _give(handle, path.parent)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken from None
        yield
    finally:
        os.close(handle)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, 0600, that takes the place of `path` when the block ends well; after a crash the old one stays.

    It belongs to whom the old file, or else the folder, belongs to: root may work for the service's own user.
    What a crash left half written is removed the next time; the caller holds whatever keeps others from `path`.
    """
    half = path.with_name(f".{path.name}.part")
    half.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            _give(file.fileno(), path if path.exists() else path.parent)
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        _sync_folder(path.parent)
    finally:
        with suppress(FileNotFoundError):
            half.unlink()


def _give(handle: int, like: Path) -> None:
    owner = like.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
