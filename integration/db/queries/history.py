"""The append-only history."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from integration.db.tables import HistoryRow


def of_subject(session: Session, shop_id: str, subject: str) -> Sequence[HistoryRow]:
    """What happened to one thing, in order."""
    mine = (HistoryRow.shop_id == shop_id, HistoryRow.subject == subject)
    return session.exec(select(HistoryRow).where(*mine).order_by(col(HistoryRow.id))).all()


def of_subjects(session: Session, shop_id: str, subjects: Sequence[str]) -> Sequence[HistoryRow]:
    """What happened to several things, in order."""
    mine = (HistoryRow.shop_id == shop_id, col(HistoryRow.subject).in_(subjects))
    return session.exec(select(HistoryRow).where(*mine).order_by(col(HistoryRow.id))).all()
