"""Doors that let in only so many tries; counted in the database, so that a restart forgets nothing (D7)."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from integration import logs
from integration.db.queries import accounts as rows
from integration.db.tables import Attempt
from integration.domain.errors import TooMany
from integration.domain.ids import new_id
from integration.flows.services import Services

_PORT = re.compile(r"^(?:\[([^\]]*)\](?::\d+)?|([^:]*):\d+)$")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries of one `who` at a door `within` a time."""

    door: str
    who: str
    most: int
    within: timedelta


def caller(address: str) -> str:
    """Who an address counts as: itself, or for IPv6 its network of 64 bits, of which everybody has a whole one.

    A port, which some proxies write behind it, is not part of it; what is none at all counts as one and the same.
    """
    bare = _PORT.sub(r"\1\2", address.strip())
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def admit(session: Session, services: Services, limits: tuple[Limit, ...], now: datetime) -> list[str]:
    """Count a try at every door and give the ids of the counts; `TooMany("too_many_tries")` when one is full.

    The try is counted before it is looked at, so that a hundred at once do not all slip in.
    """
    waits = [_wait(session, limit, digest(services, limit), now) for limit in limits]
    if any(waits):
        full = [limit.door for limit, wait in zip(limits, waits, strict=True) if wait]
        logs.security("limit_hit", doors=" ".join(full))
        raise TooMany("too_many_tries", seconds=math.ceil(max(waits)))
    counted = [
        Attempt(id=new_id("attempt", now), door=limit.door, who=digest(services, limit), at=now) for limit in limits
    ]
    session.add_all(counted)
    return [row.id for row in counted]


def _wait(session: Session, limit: Limit, who: str, now: datetime) -> float:
    """Seconds until the oldest try that stands in the way is forgotten; 0 when there is room."""
    tries = rows.attempts(session, limit.door, who, now - limit.within)
    return (tries[-limit.most] + limit.within - now).total_seconds() if len(tries) >= limit.most else 0.0


def digest(services: Services, limit: Limit) -> str:
    """Who tried, unreadable without our key: addresses are few enough to be guessed from a bare digest."""
    message = f"{limit.door}|{limit.who}".encode("utf-8", "surrogatepass")
    return hmac.new(services.vault.derive("attempts"), message, hashlib.sha256).hexdigest()
