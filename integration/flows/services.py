"""What every flow is handed: settings, database, keys, clock, mail transport, HTTP door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.http import Http
from emails import dns
from emails.transports import Transport
from integration.clock import Clock
from integration.db.session import Database
from integration.rules.kpis import People, Period
from integration.settings import Settings
from integration.vault import Vault


@dataclass(frozen=True)
class Services:
    """The parts, put together by `integration.app`; `wake` tells the worker that there is something to do.

    `checkpoint` names the steps at which tests end the process; in real life it does nothing.
    """

    settings: Settings
    db: Database
    vault: Vault
    clock: Clock
    transport: Transport
    http: Http
    look_up: dns.LookUp = dns.look_up
    wake: Callable[[], None] = lambda: None
    checkpoint: Callable[[str], None] = lambda name: None
    store_states: dict[str, dict[str, str]] = field(default_factory=dict)
    came_back: dict[tuple[tuple[str, ...], Period], tuple[datetime, Sequence[People]]] = field(default_factory=dict)
    """People counted by `flows.numbers`: of which shops and time, and at which hour."""
