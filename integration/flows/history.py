"""Writes what moved: ids and codes only, never personal text."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.tables import HistoryRow


def note(
    session: Session, shop_id: str, subject: str, now: datetime, actor: str, old: str, new: str, reason: str = ""
) -> None:
    """One line of history; `actor` is `shopper`, `owner`, `store`, `carrier`, `policy` or `system`."""
    row = HistoryRow(shop_id=shop_id, subject=subject, at=now, actor=actor, from_state=old, to_state=new, reason=reason)
    session.add(row)
