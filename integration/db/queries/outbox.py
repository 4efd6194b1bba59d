"""Follow-ups and tasks: what is planned, due, leased and done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, or_, update
from sqlmodel import Session, col, select

from integration.db.tables import FollowUpRow, Pause, Task
from integration.domain.ids import new_id


def followup(session: Session, shop_id: str, followup_id: str) -> FollowUpRow:
    """The follow-up a task names."""
    return session.exec(select(FollowUpRow).where(FollowUpRow.shop_id == shop_id, FollowUpRow.id == followup_id)).one()


def followups(session: Session, shop_id: str, order_id: str) -> Sequence[FollowUpRow]:
    """All follow-ups of an order."""
    mine = (FollowUpRow.shop_id == shop_id, FollowUpRow.order_id == order_id)
    return session.exec(select(FollowUpRow).where(*mine).order_by(FollowUpRow.id)).all()


def task_by_key(session: Session, shop_id: str, key: str) -> Task | None:
    """The task with a business key."""
    return session.exec(select(Task).where(Task.shop_id == shop_id, Task.key == key)).first()


def put_task(
    session: Session,
    shop_id: str,
    kind: str,
    subject: str,
    now: datetime,
    *,
    key: str = "",
    due_at: datetime | None = None,
    useless_after: datetime | None = None,
) -> None:
    """Ask for one effect; the same key asks only once."""
    key = key or f"{kind}:{subject}"
    if task_by_key(session, shop_id, key) is not None:
        return
    session.add(
        Task(
            id=new_id("task", now),
            shop_id=shop_id,
            kind=kind,
            key=key,
            subject=subject,
            due_at=due_at or now,
            useless_after=useless_after,
            created_at=now,
        )
    )
    session.flush()


def due(session: Session, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[str]:
    """Ids of tasks of these kinds to claim: ready and due, or leased by someone who died."""
    ready = and_(col(Task.state) == "ready", col(Task.due_at) <= now)
    lapsed = and_(col(Task.state) == "leased", col(Task.lease_until) < now)
    mine = (or_(ready, lapsed), col(Task.kind).in_(kinds))
    return session.exec(select(Task.id).where(*mine).order_by(col(Task.due_at)).limit(limit)).all()


def next_due(session: Session) -> datetime | None:
    """When the earliest open task is due."""
    return session.exec(select(Task.due_at).where(Task.state == "ready").order_by(col(Task.due_at)).limit(1)).first()


def claim(session: Session, task_id: str, owner: str, now: datetime, lease: timedelta) -> Task | None:
    """Take the task if it is still free: compare-and-set, the fence counts up. `None` when another was faster."""
    free = or_(
        and_(col(Task.state) == "ready", col(Task.due_at) <= now),
        and_(col(Task.state) == "leased", col(Task.lease_until) < now),
    )
    taken = update(Task).where(col(Task.id) == task_id, free)
    values = {"state": "leased", "owner": owner, "lease_until": now + lease, "fence": col(Task.fence) + 1}
    result = cast("CursorResult[Any]", session.execute(taken.values(values)))
    if result.rowcount != 1:
        return None
    return session.exec(select(Task).where(Task.id == task_id).execution_options(populate_existing=True)).one()


def settle(session: Session, task: Task, **values: object) -> bool:
    """Write the verdict if the claim still holds; false when a later claim owns the task."""
    mine = update(Task).where(col(Task.id) == task.id, col(Task.fence) == task.fence, col(Task.state) == "leased")
    result = cast("CursorResult[Any]", session.execute(mine.values(owner="", lease_until=None, **values)))
    return result.rowcount == 1


def leased(session: Session) -> Sequence[Task]:
    """Tasks someone works on, or died over."""
    return session.exec(select(Task).where(Task.state == "leased")).all()


def pause(session: Session, shop_id: str, stream: str) -> Pause | None:
    """Whether the stream stands still."""
    return session.exec(select(Pause).where(Pause.shop_id == shop_id, Pause.stream == stream)).first()


def pauses(session: Session) -> Sequence[Pause]:
    """Every stream that stands still."""
    return session.exec(select(Pause).order_by(col(Pause.since))).all()


def held(session: Session, shop_id: str, reason: str) -> Sequence[Task]:
    """Ready tasks that were put off for one reason."""
    mine = (Task.shop_id == shop_id, Task.state == "ready", Task.reason == reason)
    return session.exec(select(Task).where(*mine)).all()


def busy(session: Session, now: datetime) -> bool:
    """Whether a task is being worked on or due."""
    working = or_(col(Task.state) == "leased", and_(col(Task.state) == "ready", col(Task.due_at) <= now))
    return session.exec(select(Task.id).where(working).limit(1)).first() is not None
