"""How much there is of everything, for a monitor that asks every few seconds: by index, never by reading rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from integration.db.tables import MailRow, Pause, Receipt, Shop, StockLabel, Task

# Word for word the conditions of the partial indexes: with a parameter in its place SQLite would not use them.
_OPEN = text("state IN ('ready', 'leased')")
_STOPPED = text("state IN ('ambiguous', 'dead')")
_ODD = text("state IN ('unreadable', 'failed', 'ignored')")
_KEPT = text("state = 'kept'")


def open_tasks(session: Session, now: datetime) -> Sequence[tuple[str, str, int]]:
    """Kind, state and number of the tasks that are due or being worked on."""
    due = (_OPEN, col(Task.due_at) <= now)
    return session.exec(select(Task.kind, Task.state, func.count()).where(*due).group_by(Task.kind, Task.state)).all()


def stopped_tasks(session: Session) -> Sequence[tuple[str, str, int]]:
    """The same of those that stopped and nobody has let go."""
    stopped = (_STOPPED, Task.reason != "discarded")
    counted = select(Task.kind, Task.state, func.count()).where(*stopped)
    return session.exec(counted.group_by(Task.kind, Task.state)).all()


def planned_tasks(session: Session, now: datetime) -> int:
    """How many tasks wait for their day."""
    return session.exec(select(func.count()).select_from(Task).where(_OPEN, col(Task.due_at) > now)).one()


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """When the task that waits longest became due."""
    due = (_OPEN, Task.state == "ready", col(Task.due_at) <= now)
    return session.exec(select(Task.due_at).where(*due).order_by(col(Task.due_at)).limit(1)).first()


def receipts(session: Session) -> dict[str, int]:
    """Webhook deliveries by state; what is neither kept nor odd was done."""
    states = odd_receipts(session)
    states["kept"] = session.exec(select(func.count()).select_from(Receipt).where(_KEPT)).one()
    total = session.exec(select(func.count()).select_from(Receipt)).one()
    return states | {"done": total - sum(states.values())}


def odd_receipts(session: Session) -> dict[str, int]:
    """The states of those that nobody acted on, and how many there are of each."""
    counted = select(Receipt.state, func.count()).where(_ODD).group_by(Receipt.state)
    return dict(session.exec(counted).all())


def mails(session: Session) -> Sequence[tuple[str, str, int]]:
    """Kind, state and number of mails."""
    counted = select(MailRow.kind, MailRow.state, func.count()).group_by(MailRow.kind, MailRow.state)
    return session.exec(counted).all()


def pauses(session: Session) -> Sequence[tuple[str, str, int]]:
    """Stream, reason and number of what stands still."""
    return session.exec(select(Pause.stream, Pause.reason, func.count()).group_by(Pause.stream, Pause.reason)).all()


def labels_left(session: Session) -> dict[str, int]:
    """Bought labels that nobody has yet, by shop name, for the shops that ever had some."""
    stocked = select(Shop.name).where(select(StockLabel.id).where(StockLabel.shop_id == Shop.id).exists())
    free = select(Shop.name, func.count()).where(StockLabel.shop_id == Shop.id, col(StockLabel.label_id).is_(None))
    return dict.fromkeys(session.exec(stocked), 0) | dict(session.exec(free.group_by(Shop.name)).all())
