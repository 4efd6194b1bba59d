"""What every flow is handed: settings, database, keys, clock, mail transport, HTTP door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.http import Http
from integration.clock import Clock
from integration.db.session import Database
from integration.settings import Settings
from integration.vault import Vault


@dataclass(frozen=True)
class Services:
    """The parts, put together by `integration.app`; `wake` tells the worker that there is something to do."""

    settings: Settings
    db: Database
    vault: Vault
    clock: Clock
    transport: Any
    http: Http
    wake: Callable[[], None] = lambda: None
    store_states: dict[str, dict[str, str]] = field(default_factory=dict)
