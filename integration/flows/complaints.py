"""Complaints: opened, acknowledged, decided, closed; and what the shopper sees of hers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integration.flows.services import Services
from integration.flows.visits import Visit


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a complaint in the shopper's eyes: `code` for `pages.steps`."""

    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint as the shopper follows it; codes for the catalogue, times in UTC."""

    number: str
    state: str
    cause: str
    wish: str
    fix: str
    opened_at: datetime
    due_at: datetime
    fixed_at: datetime | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ComplaintsView:
    """The complaint page: her open and past complaints about this order, newest first, and the form."""

    visit: Visit
    complaints: tuple[ComplaintView, ...]


def page(services: Services, token: str) -> ComplaintsView:
    """What the page shows; writes nothing."""
    raise NotImplementedError


def complain(services: Services, token: str, form: Mapping[str, str], locale: str) -> ComplaintView:
    """Open a complaint from fields `cause`, `text`, `wish`; the same one sent twice stays one. `BadForm`."""
    raise NotImplementedError
