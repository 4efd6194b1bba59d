"""What the owner was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from integration.db.tables import MailRow


def of_day(session: Session, shop_id: str, code: str, day: datetime) -> Sequence[MailRow]:
    """Her notices about one cause that were written on a day, oldest first."""
    written = col(MailRow.key).startswith(f"owner_notice:{code}:{day:%Y%m%d}:", autoescape=True)
    return session.exec(select(MailRow).where(MailRow.shop_id == shop_id, written).order_by(MailRow.id)).all()
