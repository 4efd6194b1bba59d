"""Unsubscribing, and coming back: which mails a person wants."""

from __future__ import annotations

from dataclasses import dataclass

from integration.flows.services import Services
from integration.flows.visits import Visit


@dataclass(frozen=True, slots=True)
class PreferencesView:
    """The preferences page: whether surveys reach her; mails about her orders and complaints always do."""

    visit: Visit
    surveys: bool


def page(services: Services, token: str) -> PreferencesView:
    """What the page shows; writes nothing."""
    raise NotImplementedError


def unsubscribe(services: Services, token: str, source: str) -> PreferencesView:
    """No more surveys to this address; `source` is `header` (RFC 8058 POST) or `page`. Idempotent."""
    raise NotImplementedError


def subscribe(services: Services, token: str) -> PreferencesView:
    """Surveys again, asked for on the page."""
    raise NotImplementedError
