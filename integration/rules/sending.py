"""How many mails leave at a time (A9): a cap per day that a new sender warms up to, a bucket per recipient's domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

BURST = 200
"""How many mails to one domain may leave at once after a rest."""
EVERY = timedelta(seconds=0.5)
"""How often one more does."""
_FIRST_DAY = 50
_WARM_UP_DAYS = 10


def cap(day: int, daily_cap: int, *, warm_up: bool) -> int | None:
    """The most mails of a day, the first one being 0; `None` for any number.

    `daily_cap` 0 sets no limit. A new sender that doubles from 50 looks to mailboxes like a shop that grows, and after
    ten days nothing holds it.
    """
    limits = [daily_cap] if daily_cap else []
    if warm_up and day < _WARM_UP_DAYS:
        limits.append(_FIRST_DAY * 2**day)
    return min(limits, default=None)


def days_to_wait(today: int, placed: Mapping[int, int], daily_cap: int, *, warm_up: bool) -> int:
    """In how many days there is room for one more; `placed` counts the mails of each day from `today` on."""
    wait = 0
    while (most := cap(today + wait, daily_cap, warm_up=warm_up)) is not None and placed.get(today + wait, 0) >= most:
        wait += 1
    return wait


def leave_at(drained_at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """When this mail to a domain may leave, and when the bucket will be empty again.

    A mail that has to wait takes its place in the row at once, so that a thousand of them are told a thousand times,
    and not all the same one.
    """
    drained = max(drained_at or now, now)
    return max(now, drained - (BURST - 1) * EVERY), drained + EVERY
