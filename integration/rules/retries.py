"""When a failed effect is tried again, as a value (E5): 1 m, 5 m, 30 m, 2 h, then every 6 h until 72 h."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration.domain.errors import Ambiguous, BadPayload, Refused, SinkError, Temporary

_STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
_THEN = timedelta(hours=6)
_MOST = timedelta(hours=72)
_JITTER = 0.2
_AMBIGUOUS_MAIL = timedelta(minutes=10)
_COPIES = 2


@dataclass(frozen=True, slots=True)
class Retry:
    """Once more, at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """Our access is refused: the whole stream stands still and no attempt is used up."""


@dataclass(frozen=True, slots=True)
class Park:
    """It may have happened: a person looks before it is repeated."""


@dataclass(frozen=True, slots=True)
class Dead:
    """No more tries; `reason` is the code of the last error."""

    reason: str


Verdict = Retry | Pause | Park | Dead


def next_try(
    attempts: int, now: datetime, key: str, first_at: datetime, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after `attempts` failed tries before this one; `None` when 72 h since `first_at` are over.

    The jitter of 20 % comes from the key, so that a thousand tasks of one outage do not return at one moment.
    `retry_after` is the other side's wish, honoured up to six hours.
    """
    wait = _STEPS[attempts] if attempts < len(_STEPS) else _THEN
    wait *= 1 + _JITTER * _spread(f"{key}|{attempts}")
    at = now + max(wait, min(retry_after or timedelta(), _THEN))
    return at if at - first_at <= _MOST else None


def _spread(seed: str) -> float:
    """Between -1 and 1, always the same for a seed."""
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:4], "big") / 2**31 - 1


def verdict(error: SinkError, attempts: int, now: datetime, key: str, first_at: datetime) -> Verdict:
    """What becomes of a task after this error."""
    if isinstance(error, Refused):
        return Pause()
    if isinstance(error, Ambiguous):
        return Park()
    if isinstance(error, Temporary | BadPayload):
        # A store that answers HTML today answers JSON tomorrow.
        wait = error.retry_after if isinstance(error, Temporary) else None
        at = next_try(attempts, now, key, first_at, wait)
        return Retry(at) if at else Dead(error.code)
    return Dead(error.code)


def mail_ambiguous(category: str, copies: int, now: datetime) -> Verdict:
    """A mail that may be out: once more after 10 minutes if it is a service or for the owner, never a survey (E4)."""
    if category in ("service", "internal") and copies < _COPIES:
        return Retry(now + _AMBIGUOUS_MAIL)
    return Park()
