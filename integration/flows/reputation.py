"""Surveys stop by themselves where too many people call them spam, before mailboxes refuse the rest too (A36)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import mail_events
from integration.rules import bounces

PERIODS = (timedelta(days=1), timedelta(days=7))


def surveys_stand(session: Session, shop_id: str, now: datetime) -> bool:
    """Whether no survey leaves now: for a day or a week too many of the shop's mails were complained of."""
    _, least = bounces.SURVEYS_END
    if mail_events.complained(session, shop_id, now - max(PERIODS)) < least:  # nearly always, and soon looked up
        return False
    return any(_too_many(session, shop_id, now - period) for period in PERIODS)


def _too_many(session: Session, shop_id: str, since: datetime) -> bool:
    share, least = bounces.SURVEYS_END
    counts = mail_events.counts(session, shop_id, since)
    return bounces.worrying(counts.get("complaint", 0), counts["sent"], share, least)
