"""What a shop's webhooks have told of late."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select

from integration.db.tables import Receipt


def by_topic(session: Session, shop_id: str, since: datetime) -> dict[str, int]:
    """How many deliveries of each topic."""
    mine = (Receipt.shop_id == shop_id, col(Receipt.received_at) >= since)
    found = select(Receipt.topic, func.count()).where(*mine).group_by(Receipt.topic).order_by(Receipt.topic)
    return dict(session.exec(found).all())
