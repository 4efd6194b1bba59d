"""Intents: rating links that were opened."""

from __future__ import annotations

from sqlmodel import Session, select

from integration.db.tables import Intent


def intent(session: Session, shop_id: str, order_id: str, score: int) -> Intent | None:
    """Whether this rating's link was opened before."""
    mine = (Intent.shop_id == shop_id, Intent.order_id == order_id, Intent.score == score)
    return session.exec(select(Intent).where(*mine)).first()
