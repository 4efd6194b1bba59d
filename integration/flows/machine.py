"""What the service stands on: the disk, the place of the data, the key file, the back-ups, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from integration.db import places
from integration.domain.errors import Conflict
from integration.flows import backups
from integration.flows.findings import Finding
from integration.flows.services import Services

DISK_LEAST = 0.05
BACKUP_OLDEST = timedelta(days=2)
CLOCK_MOST = timedelta(minutes=2)


def examine(services: Services) -> list[Finding]:
    """What doctor tells of the machine. The clock is told once a store has answered: call it after those checks."""
    return [*_disks(services), *_key_file(services), _backup(services), *_clock(services)]


def room(services: Services) -> None:
    """`Conflict("disk_nearly_full")` while the disk should be kept for what must not be lost (E10)."""
    settings = services.settings
    free = places.free_share(places.home_of(settings.database_url, settings.folder))
    if free < DISK_LEAST:
        raise Conflict("disk_nearly_full", percent=int(free * 100))


def _disks(services: Services) -> Iterator[Finding]:
    settings = services.settings
    free = places.free_share(places.home_of(settings.database_url, settings.folder))
    yield Finding("disk", free >= DISK_LEAST, {"percent": int(free * 100)})
    file = places.file_of(settings.database_url)
    if file:
        kind = places.file_system(file)
        yield Finding("database_place", not places.on_network(file), {"file": file.name, "kind": kind or "?"})


def _key_file(services: Services) -> Iterator[Finding]:
    if not services.settings.keys.value:
        path = services.settings.path(services.settings.keys.file)
        closed = path.exists() and not path.stat().st_mode & 0o077
        yield Finding("key_file", closed, {"file": path.name})


def _backup(services: Services) -> Finding:
    made = backups.newest(services.settings)
    if made is None:
        return Finding("backup_none", ok=False)
    fresh = services.clock() - made <= BACKUP_OLDEST
    return Finding("backup", fresh, {"at": made})


def _clock(services: Services) -> Iterator[Finding]:
    """Our clock against those of the stores; a store whose own clock is wrong is outvoted by one that is right."""
    own = urlsplit(services.settings.server.public_url).hostname
    told = [_read(date) for host, date in services.http.dates.items() if host != own]
    apart = [abs(at - services.clock()) for at in told if at]
    if apart:
        seconds = int(min(apart).total_seconds())
        yield Finding("clock", min(apart) <= CLOCK_MOST, {"seconds": seconds})


def _read(date: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return None
    return at if at.tzinfo else None
