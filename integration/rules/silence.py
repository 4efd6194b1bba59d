"""What becomes of a parcel that nothing is heard of: by a date it counts as delivered, or somebody looks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from integration.domain.facts import Shipment
from integration.domain.policy import Policy

Trouble = Literal["silent", "failed", "returning", "unread"]
FAILED_AFTER = timedelta(days=3)
UNREAD_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """Under way; at this moment something happens if nothing is heard."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Assume:
    """It counts as delivered since then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """The owner has to look."""

    kind: Trouble


Step = Wait | Assume | Incident | None


def step(parcel: Shipment, told_at: datetime, policy: Policy, now: datetime) -> Step:
    """What a parcel waits for; `None` for one that has arrived or is none. `told_at` is when its state was told."""
    match parcel.state:
        case "delivered" | "cancelled":
            return None
        case "returning":
            return Incident("returning")
        case "failed":
            return _due(told_at + FAILED_AFTER, Incident("failed"), now)
        case _:
            return _silent(min(parcel.shipped_at or told_at, told_at), policy, now)


def _silent(shipped_at: datetime, policy: Policy, now: datetime) -> Step:
    if policy.assume_after is None:
        return _due(shipped_at + policy.silent_after, Incident("silent"), now)
    at = shipped_at + policy.assume_after
    return _due(at, Assume(at), now)


def unread(told_at: datetime, now: datetime) -> Wait | Incident:
    """The same for a parcel whose order could not be read yet: without it nobody can be written to."""
    at = told_at + UNREAD_AFTER
    return Wait(at) if now < at else Incident("unread")


def _due(at: datetime, then: Step, now: datetime) -> Step:
    return Wait(at) if now < at else then
