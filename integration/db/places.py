"""Where an SQLite database lies: on a disk of this machine, in a file for its owner alone, with room to grow."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sqlalchemy import make_url

from integration.domain.errors import Misconfigured

MOUNTS = Path("/proc/mounts")
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|ncpfs|afs|ceph|lustre|(fuse\.)?(glusterfs|sshfs|rclone|davfs2?|s3fs|smbnetfs)"
)


def file_of(url: str) -> Path | None:
    """The file of an SQLite URL; `None` for any other database."""
    name = make_url(url).database if url.startswith("sqlite") else ""
    return Path(name) if name and name != ":memory:" else None


def prepare(url: str) -> None:
    """See that the file can be used, and make it readable by its owner alone; nothing to do for another database.

    SQLite's locks and shared memory do not hold over a network: two machines would ruin the file.
    """
    file = file_of(url)
    if file is None:
        return
    if not file.parent.is_dir():
        raise Misconfigured("no_database_folder", folder=str(file.parent))
    if on_network(file):
        raise Misconfigured("database_on_network", file=str(file), kind=file_system(file))
    if not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def on_network(path: Path) -> bool:
    """Whether the path lies on another machine's disk."""
    return bool(_NETWORK.fullmatch(file_system(path)))


def file_system(path: Path) -> str:
    """The kind of file system a path lies on, as the kernel calls it; empty where the kernel does not tell."""
    try:
        mounts = [line.split() for line in MOUNTS.read_text("utf-8", "surrogateescape").splitlines()]
    except OSError:
        return ""
    place = path.resolve()
    above = [(Path(_unescaped(mount[1])), mount[2]) for mount in reversed(mounts)]  # the last one hides what is below
    kinds = [(len(point.parts), kind) for point, kind in above if place.is_relative_to(point)]
    return max(kinds, key=lambda found: found[0], default=(0, ""))[1]


def home_of(url: str, otherwise: Path) -> Path:
    """The folder that the data grows in; `otherwise` for a database that is elsewhere."""
    file = file_of(url)
    return file.parent if file else otherwise


def free_share(path: Path) -> float:
    """How much of the disk under a folder is free, from 0 to 1."""
    usage = shutil.disk_usage(path)
    return usage.free / usage.total


def _unescaped(point: str) -> str:
    """`/mnt/my\\040disk` as it is spelled elsewhere."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), point)
