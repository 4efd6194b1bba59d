"""Figures for a monitor: how much of everything there is, never whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration import __version__
from integration.db import places
from integration.db.queries import counts
from integration.flows import backups
from integration.flows.services import Services


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure by labels; the labels' values are codes of ours and names of shops, so their number is bounded."""

    name: str
    about: str
    labels: tuple[str, ...]
    values: Sequence[tuple[tuple[str, ...], float]]


def gather(services: Services) -> list[Metric]:
    """All figures, from one picture of the database."""
    now = services.clock()
    with services.db.reading() as session:
        figures = [*_work(session, now), *_rows(session)]
    return [*figures, *_around(services, now)]


def _work(session: Session, now: datetime) -> Iterable[Metric]:
    tasks = [*counts.open_tasks(session, now), *counts.stopped_tasks(session)]
    oldest = counts.oldest_due(session, now)
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield _by("tasks", "Tasks that are due, worked on or stopped.", ("kind", "state"), tasks)
    yield _one("tasks_planned", "Tasks that wait for their day.", counts.planned_tasks(session, now))
    yield _one("oldest_due_task_seconds", "How long the task that waits longest has been due.", age)


def _rows(session: Session) -> Iterable[Metric]:
    receipts = [(state, n) for state, n in sorted(counts.receipts(session).items())]
    left = sorted(counts.labels_left(session).items())
    yield _by("receipts", "Webhook deliveries.", ("state",), receipts)
    yield _by("mails", "Mails.", ("kind", "state"), counts.mails(session))
    yield _by("pauses", "Streams that stand still.", ("stream", "reason"), counts.pauses(session))
    yield _by("labels_left", "Bought return labels that nobody has yet.", ("shop",), left)


def _around(services: Services, now: datetime) -> Iterable[Metric]:
    settings = services.settings
    made = backups.newest(settings)
    free = places.free_share(places.home_of(settings.database_url, settings.folder))
    yield _by("build_info", "The version that runs.", ("version",), [(__version__, 1)])
    yield _one("disk_free_ratio", "Free share of the disk that the data is on.", round(free, 4))
    if made:
        yield _one("backup_age_seconds", "Age of the newest back-up.", (now - made).total_seconds())


def _one(name: str, about: str, value: float) -> Metric:
    return Metric(name, about, (), [((), value)])


def _by(name: str, about: str, labels: tuple[str, ...], rows: Iterable[Sequence[str | int]]) -> Metric:
    return Metric(name, about, labels, [(tuple(map(str, row[:-1])), float(row[-1])) for row in rows])
