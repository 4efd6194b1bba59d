"""Follow-ups and tasks: what is planned, due, leased and done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Subquery, and_, bindparam, case, func, or_, text, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.prepared import prepared
from integration.db.session import connection_of
from integration.db.tables import FollowUpRow, Pause, Task
from integration.domain.ids import new_id

_AS_IT_IS = {"populate_existing": True}
_LAPSED = case((col(Task.state) == "leased", col(Task.lapses) + 1), else_=col(Task.lapses))
_TASKS: Any = Task.__table__  # type: ignore[attr-defined]  # SQLModel adds it
_WORTH_A_LOOK = 0.25  # the share of what may be handed on that has to be free
OPEN = "tasks.state IN ('ready', 'leased')"  # as the partial indexes have it: SQLite sees no match in a parameter

# Statements of every task, put together once: that costs more than running them.
_FREE = or_(
    and_(col(Task.state) == "ready", col(Task.due_at) <= bindparam("now")),
    and_(col(Task.state) == "leased", col(Task.lease_until) < bindparam("now")),
)
_ASKED = (col(Task.id).in_(bindparam("ids", expanding=True)), col(Task.kind).in_(bindparam("kinds", expanding=True)))
_UNHELD = select(Task.id).where(*_ASKED, _FREE).order_by(Task.id).with_for_update(skip_locked=True)
_CLAIM = (
    update(Task)
    .where(col(Task.id).in_(_UNHELD))
    .values(
        state="leased", owner=bindparam("owner"), lease_until=bindparam("until"), fence=col(Task.fence) + 1,
        lapses=_LAPSED,
    )
    .returning(Task)
    .execution_options(synchronize_session=False)
)  # fmt: skip
_OURS = _TASKS.update().where(
    _TASKS.c.id == bindparam("the_id"), _TASKS.c.fence == bindparam("the_fence"), _TASKS.c.state == "leased"
)
_GIVE_BACK = _OURS.values(state="ready", owner="", lease_until=None)
_FREE_IT = _OURS.values(state="ready", owner="", lease_until=None, lapses=_TASKS.c.lapses + 1)
_FINISH = _OURS.values(state="done", owner="", lease_until=None, reason="", done_at=bindparam("now"))
_TRIED = _TASKS.update().where(_TASKS.c.id.in_(bindparam("ids", expanding=True))).values(tried_at=bindparam("now"))

_PAUSES = select(Pause).where(col(Pause.shop_id).in_(bindparam("shop_ids", expanding=True)))


def followup(session: Session, shop_id: str, followup_id: str) -> FollowUpRow:
    """The follow-up a task names."""
    return _followup(session, shop_id, followup_id).one()


@prepared
def _followup(shop_id: str, followup_id: str) -> SelectOfScalar[FollowUpRow]:
    return select(FollowUpRow).where(FollowUpRow.shop_id == shop_id, FollowUpRow.id == followup_id)


def followups(session: Session, shop_id: str, order_id: str) -> Sequence[FollowUpRow]:
    """All follow-ups of an order."""
    return _followups(session, shop_id, order_id).all()


@prepared
def _followups(shop_id: str, order_id: str) -> SelectOfScalar[FollowUpRow]:
    mine = (FollowUpRow.shop_id == shop_id, FollowUpRow.order_id == order_id)
    return select(FollowUpRow).where(*mine).order_by(FollowUpRow.id)


def followup_keys(session: Session, shop_id: str, order_id: str) -> frozenset[str]:
    """The business keys of all follow-ups of an order."""
    return frozenset(_followup_keys(session, shop_id, order_id))


@prepared
def _followup_keys(shop_id: str, order_id: str) -> SelectOfScalar[str]:
    return select(FollowUpRow.key).where(FollowUpRow.shop_id == shop_id, FollowUpRow.order_id == order_id)


def task_by_key(session: Session, shop_id: str, key: str) -> Task | None:
    """The task with a business key."""
    return _task_by_key(session, shop_id, key).first()


@prepared
def _task_by_key(shop_id: str, key: str) -> SelectOfScalar[Task]:
    return select(Task).where(Task.shop_id == shop_id, Task.key == key)


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
    if _task_known(session, shop_id, key).first() is None:
        session.add(
            Task(
                id=new_id("task", now), shop_id=shop_id, kind=kind, key=key, subject=subject, due_at=due_at or now,
                useless_after=useless_after, created_at=now,
            )
        )  # fmt: skip


def put_followup(session: Session, row: FollowUpRow, now: datetime) -> None:
    """Keep a new follow-up, and ask for it to be run if that is planned; nobody can have asked before."""
    session.add(row)
    if row.state == "planned":
        session.add(
            Task(
                id=new_id("task", now), shop_id=row.shop_id, kind="RunFollowUp", key=f"RunFollowUp:{row.id}",
                subject=row.id, due_at=row.due_at, created_at=now,
            )
        )  # fmt: skip


@prepared
def _task_known(shop_id: str, key: str) -> SelectOfScalar[str]:
    return select(Task.id).where(Task.shop_id == shop_id, Task.key == key)


def due(session: Session, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[str]:
    """Ids of due tasks of these kinds that nobody has, or had too long: one of each shop, then another."""
    found = _by_turns(now, kinds)
    return session.exec(select(found.c.id).order_by(found.c.turn, found.c.due_at).limit(limit)).all()


def _by_turns(now: datetime, kinds: Collection[str], *others: Any) -> Subquery:
    """Due tasks that nobody has, each with its place in the row of its shop."""
    free = or_(col(Task.lease_until).is_(None), col(Task.lease_until) < now)
    mine = (text(OPEN), col(Task.due_at) <= now, free, col(Task.kind).in_(kinds), *others)
    turn = func.row_number().over(partition_by=col(Task.shop_id), order_by=col(Task.due_at)).label("turn")
    return select(Task.id, Task.shop_id, Task.due_at, turn).where(*mine).subquery()


def offer(
    session: Session, now: datetime, until: datetime, kinds: Collection[str], *, most: int, of_a_shop: int
) -> Sequence[str]:
    """Mark due tasks of these kinds as handed on until a time; their ids, the shops by turns.

    At no time are more than `most` handed on or worked at, nor more than `of_a_shop` of one, so that a flood at one
    shop stays in its rows and a task of another finds few before it. While all hands have enough to do, nothing more is
    looked for: that would cost a look at all that is due.
    """
    held = _held(session, now, kinds)
    room = most - sum(held.values())
    if room < most * _WORTH_A_LOOK:
        return []
    full = [shop_id for shop_id, n in held.items() if n >= of_a_shop]
    found = _by_turns(now, kinds, col(Task.shop_id).not_in(full))
    asked = select(found.c.id, found.c.shop_id, found.c.turn).where(found.c.turn <= of_a_shop)
    rows = session.execute(asked.order_by(found.c.turn, found.c.due_at).limit(room)).all()
    chosen = [task_id for task_id, shop_id, turn in rows if turn + held.get(shop_id, 0) <= of_a_shop]
    still = or_(col(Task.lease_until).is_(None), col(Task.lease_until) < now)
    marked = update(Task).where(col(Task.id).in_(chosen), text(OPEN), still)
    marked = marked.values(state="ready", owner="", lease_until=until, lapses=_LAPSED)
    mine = set(session.scalars(marked.returning(col(Task.id))).all())
    return [task_id for task_id in chosen if task_id in mine]


def take_back(session: Session, task_ids: Collection[str]) -> None:
    """They could not be handed on after all."""
    mine = update(Task).where(col(Task.id).in_(task_ids), col(Task.state) == "ready")
    session.execute(mine.values(lease_until=None))


def _held(session: Session, now: datetime, kinds: Collection[str]) -> dict[str, int]:
    """How many tasks of each shop are handed on or worked at."""
    mine = (text(OPEN), col(Task.lease_until) >= now, col(Task.kind).in_(kinds))
    found = session.exec(select(Task.shop_id, func.count()).where(*mine).group_by(Task.shop_id)).all()
    return dict(found)


def claim(
    session: Session, task_ids: Sequence[str], owner: str, now: datetime, lease: timedelta, kinds: Collection[str]
) -> Sequence[Task]:
    """Take those that are still free, in this order: compare-and-set, the fence counts up.

    Of no known kind is none: a newer version put it there, and will come for it.
    """
    given = {"ids": list(task_ids), "kinds": list(kinds), "owner": owner, "now": now, "until": now + lease}
    taken = {task.id: task for task in session.scalars(_CLAIM, given, execution_options=_AS_IT_IS)}
    return [taken[task_id] for task_id in task_ids if task_id in taken]


def mark_tried(session: Session, tasks: Sequence[Task], now: datetime) -> None:
    """Note when each was first acted on."""
    fresh = [task for task in tasks if task.tried_at is None]
    if fresh:
        connection_of(session).execute(_TRIED, {"ids": [task.id for task in fresh], "now": now})
    for task in fresh:
        set_committed_value(task, "tried_at", now)


def give_back(session: Session, tasks: Sequence[Task]) -> None:
    """Others may take these, if they are still ours."""
    if tasks:
        connection_of(session).execute(_GIVE_BACK, [{"the_id": task.id, "the_fence": task.fence} for task in tasks])


def free(session: Session, tasks: Sequence[Task]) -> None:
    """Whoever had these is dead; a claim that came since then stays."""
    if tasks:
        connection_of(session).execute(_FREE_IT, [{"the_id": task.id, "the_fence": task.fence} for task in tasks])


def finish(session: Session, task: Task, now: datetime) -> bool:
    """It is done; false when a later claim owns the task."""
    return (
        connection_of(session).execute(_FINISH, {"the_id": task.id, "the_fence": task.fence, "now": now}).rowcount == 1
    )


def finish_all(session: Session, tasks: Sequence[Task], now: datetime) -> None:
    """They are done; of those that a later claim owns nothing changes. By id, as claims go: none waits crosswise."""
    in_order = sorted(tasks, key=lambda task: task.id)
    given = [{"the_id": task.id, "the_fence": task.fence, "now": now} for task in in_order]
    connection_of(session).execute(_FINISH, given)


def again(session: Session, task: Task, now: datetime) -> None:
    """What was just noted as done was a piece of it: the next is due, and whatever went wrong before is over."""
    mine = update(Task).where(col(Task.id) == task.id, col(Task.fence) == task.fence, col(Task.state) == "done")
    anew = {"attempts": 0, "failing_since": None, "lapses": 0}
    session.execute(mine.values(state="ready", due_at=now, done_at=None, **anew))


def settle(session: Session, task: Task, **values: object) -> bool:
    """Write the verdict if the claim still holds; false when a later claim owns the task."""
    mine = update(Task).where(col(Task.id) == task.id, col(Task.fence) == task.fence, col(Task.state) == "leased")
    result = cast("CursorResult[Any]", session.execute(mine.values(owner="", lease_until=None, **values)))
    return result.rowcount == 1


def holds(session: Session, task: Task) -> bool:
    """Whether the claim still holds, until the transaction ends."""
    mine = select(Task.id).where(Task.id == task.id, Task.fence == task.fence, Task.state == "leased")
    return session.exec(mine.with_for_update()).first() is not None


def any_ours(session: Session, tasks: Sequence[Task]) -> bool:
    """Whether the claim of one of these still holds, as far as can be seen now."""
    claims = {(task.id, task.fence) for task in tasks}
    mine = select(Task.id, Task.fence).where(col(Task.id).in_({task.id for task in tasks}), Task.state == "leased")
    return any(tuple(row) in claims for row in session.exec(mine))


def leased(session: Session) -> Sequence[Task]:
    """Tasks someone works on, or died over."""
    return session.exec(select(Task).where(Task.state == "leased")).all()


def pause(session: Session, shop_id: str, stream: str) -> Pause | None:
    """Whether the stream stands still."""
    return _pause(session, shop_id, stream).first()


@prepared
def _pause(shop_id: str, stream: str) -> SelectOfScalar[Pause]:
    return select(Pause).where(Pause.shop_id == shop_id, Pause.stream == stream)


def pauses_of(session: Session, shop_ids: Collection[str]) -> Sequence[Pause]:
    """The streams of these shops that stand still."""
    return session.scalars(_PAUSES, {"shop_ids": list(shop_ids)}).all()


def pauses(session: Session) -> Sequence[Pause]:
    """Every stream that stands still."""
    return session.exec(select(Pause).order_by(col(Pause.since))).all()


def held(session: Session, shop_id: str, reason: str) -> Sequence[Task]:
    """Ready tasks that were put off for one reason."""
    mine = (Task.shop_id == shop_id, text("tasks.state = 'ready' AND tasks.reason <> ''"), Task.reason == reason)
    return session.exec(select(Task).where(*mine)).all()


def busy(session: Session, now: datetime) -> bool:
    """Whether a task is being worked on or due."""
    working = or_(col(Task.state) == "leased", and_(col(Task.state) == "ready", col(Task.due_at) <= now))
    return session.exec(select(Task.id).where(text(OPEN), working).limit(1)).first() is not None
