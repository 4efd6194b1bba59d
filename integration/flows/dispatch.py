"""Claims due tasks, acts with no transaction open, records the verdict: the only place effects come from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import outbox as rows
from integration.db.tables import Task
from integration.domain.errors import Permanent, PostventaError, SinkError, Temporary
from integration.flows import (
    alerts,
    claims,
    codes,
    fetches,
    followups,
    going_live,
    mail_verdicts,
    mails,
    order_notes,
    pacing,
    pauses,
    person_requests,
    verdicts,
)
from integration.flows.claims import Claimed, Hold
from integration.flows.services import Services
from integration.flows.verdicts import Success, Write
from integration.rules import retries

# How many tasks of a stream are on the way or worked at, over all machines: of all shops, and of one. A store is called
# by one at a time, so that its rate limit is kept and a hanging one costs one hand.
AT_ONCE = {"": (1000, 30), "mail": (1000, 30), "store": (1000, 1)}
AT_A_TIME = 25  # tasks that a worker claims in one transaction
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handler:
    """How a kind of task is done: `act` outside any transaction, `done` or `failed` in the one of the verdict.

    `act` may hand back what is left to write, for that same transaction. `hold` may put a task off when it is
    claimed: until when, and the code of the reason. `while_paused` is what the law wants done in a shop that its owner
    paused, too. What is `slow` keeps nothing waiting that was done before it.
    """

    act: Callable[[Services, Task], Write | None]
    done: Callable[[Session, Services, Task, datetime], None] | None = None
    failed: Callable[[Session, Services, Task, SinkError, retries.Verdict, datetime], retries.Verdict] = (
        lambda session, services, task, error, verdict, now: verdict
    )
    stream: str = ""
    hold: Hold = lambda session, services, task, now: (None, "")
    while_paused: bool = False
    slow: bool = False


HANDLERS: dict[str, Handler] = {
    "SendMail": Handler(mails.send, mail_verdicts.sent, mail_verdicts.failed, "mail", pacing.hold),
    "RunFollowUp": Handler(followups.run),
    "CreateDiscount": Handler(codes.create, codes.created, codes.failed, "store", going_live.hold),
    "RevokeDiscount": Handler(codes.revoke, codes.revoked, codes.revoke_failed, "store"),
    "FetchOrder": Handler(fetches.fetch, stream="store"),
    "AssumeDelivered": Handler(followups.assume_delivered),
    "NoteOrder": Handler(order_notes.leave, stream="store"),
    "ProbeStore": Handler(person_requests.probe, stream="store"),
    "ExportPerson": Handler(person_requests.export, while_paused=True, slow=True),
    "ErasePerson": Handler(person_requests.erase, while_paused=True, slow=True),
    "EraseShop": Handler(person_requests.erase_shop, while_paused=True, slow=True),
}


STREAMS = tuple(dict.fromkeys(handler.stream for handler in HANDLERS.values()))


def run_due(
    services: Services,
    owner: str,
    limit: int = 100,
    going: Callable[[], bool] = lambda: True,
    streams: Collection[str] = STREAMS,
) -> int:
    """Run what is due in these streams, at most `limit` tasks and none any more when `going` says no; how many."""
    with services.db.reading() as session:
        due = rows.due(session, services.clock(), limit, _kinds(streams))
    return run_all(services, due, owner, going)


def run_all(services: Services, task_ids: Sequence[str], owner: str, going: Callable[[], bool] = lambda: True) -> int:
    """Claim some at a time, act, record, or put off what has to wait; how many no other worker had."""
    ran = 0
    for start in range(0, len(task_ids), AT_A_TIME):
        if not going():
            break
        batch = claims.take(services, HANDLERS, task_ids[start : start + AT_A_TIME], owner)
        ran += batch.put_off + _act(services, batch.taken, going)
        ran += sum(run(services, task_id, owner) for task_id in batch.suspects if going())
    return ran


def run(services: Services, task_id: str, owner: str) -> bool:
    """The same for one; false when another worker has it."""
    return run_all(services, [task_id], owner) == 1


def _act(services: Services, taken: Sequence[Claimed], going: Callable[[], bool]) -> int:
    """Do what was taken, one after the other, and tell the others; how many.

    The rest is given back, and so is what reached nobody outside and could not be noted, while the database is busy.
    """
    begun, unrecorded = 0, list[Success]()
    with ExitStack() as at_the_end:
        at_the_end.callback(lambda: claims.give_back(services, _to_do_again(taken[begun:], unrecorded)))
        at_the_end.callback(lambda: _record(services, unrecorded))
        while begun < len(taken) and going() and claims.fresh(services, taken[begun]):
            begun += 1
            if not _do(services, taken[begun - 1], unrecorded):
                break
    if begun:
        services.wake()
    return begun


def _do(services: Services, claimed: Claimed, unrecorded: list[Success]) -> bool:
    """Act and record; false when its stream stands still from now on.

    What reached nobody outside may be done twice: its success is recorded later, with those beside it.
    """
    task, handler = claimed.task, HANDLERS[claimed.task.kind]
    if handler.slow:
        _record(services, unrecorded)
    services.checkpoint("task_claimed")
    if claimed.problem:
        return _record_failure(services, task, handler, claimed.problem)
    try:
        rest = handler.act(services, task)
    except SinkError as error:
        return _record_failure(services, task, handler, error)
    except PostventaError as error:
        return _record_failure(services, task, handler, Permanent(error.code, **error.params))
    except Exception as error:
        log.exception("task %s (%s) failed unexpectedly", task.id, task.kind)
        return _record_failure(services, task, handler, Temporary("unexpected", why=type(error).__name__))
    unrecorded.append(_success(services, claimed, handler, rest))
    if handler.stream:
        _record(services, unrecorded)
    return True


def _record(services: Services, unrecorded: list[Success]) -> None:
    failed = verdicts.record(services, unrecorded)
    unrecorded.clear()
    for success, why in failed:
        _record_failure(services, success.task, HANDLERS[success.task.kind], Temporary("unexpected", why=why))


def _to_do_again(left: Sequence[Claimed], unrecorded: Sequence[Success]) -> list[Task]:
    harmless = [success.task for success in unrecorded if not HANDLERS[success.task.kind].stream]
    return [*harmless, *(claimed.task for claimed in left)]


def offer(services: Services, stream: str) -> Sequence[str]:
    """Ids of due tasks of a stream for workers elsewhere; not offered again until `[worker] lease` has passed."""
    now = services.clock()
    most, of_a_shop = AT_ONCE[stream]
    until = now + services.settings.worker.lease
    with services.db.marking() as session:
        return rows.offer(session, now, until, _kinds([stream]), most=most, of_a_shop=of_a_shop)


def take_back(services: Services, task_ids: Collection[str]) -> None:
    """Nobody could be told of these: they may be offered at once."""
    with services.db.marking() as session:
        rows.take_back(session, task_ids)


def _kinds(streams: Collection[str]) -> list[str]:
    return [kind for kind, handler in HANDLERS.items() if handler.stream in streams]


def free_lapsed(services: Services, dead_owner: Callable[[str], bool]) -> None:
    """At start: give free what a dead predecessor held, instead of waiting for its lease."""
    with services.db.writing() as session:
        for task in rows.leased(session):
            if dead_owner(task.owner):
                task.state, task.owner, task.lease_until, task.lapses = "ready", "", None, task.lapses + 1


def _success(services: Services, claimed: Claimed, handler: Handler, rest: Write | None) -> Success:
    task, done, writes = claimed.task, handler.done, list[Write]()
    if rest:
        writes.append(rest)
    if done:
        writes.append(lambda session, now: done(session, services, task, now))
    if claimed.after_pause:
        writes.append(lambda session, now: pauses.end(session, task.shop_id, claims.stream_of(handler, task)))
    return Success(task, writes)


def _record_failure(services: Services, task: Task, handler: Handler, error: SinkError) -> bool:
    log.info("task %s (%s): %s", task.id, task.kind, error)
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        if not rows.holds(session, task):
            return True  # another worker has it, and its word counts
        return not isinstance(_settle_failure(session, services, task, handler, error, now), retries.Pause)


def _settle_failure(
    session: Session, services: Services, task: Task, handler: Handler, error: SinkError, now: datetime
) -> retries.Verdict:
    since = task.failing_since or now  # a pause or a hold begins it anew: what stood still has not been failing
    verdict = retries.verdict(error, task.attempts, now, task.key, since)
    verdict = handler.failed(session, services, task, error, verdict, now)
    match verdict:
        case retries.Retry(at):
            again = {"attempts": task.attempts + 1, "failing_since": since, "lapses": 0}
            rows.settle(session, task, state="ready", due_at=at, reason=error.code, **again)
        case retries.Pause():
            until = pauses.begin(session, services, task.shop_id, claims.stream_of(handler, task), error, now)
            rows.settle(session, task, state="ready", due_at=until, reason=error.code, failing_since=None, lapses=0)
        case retries.Park():
            rows.settle(session, task, state="ambiguous", reason=error.code, done_at=now)
        case retries.Dead(reason):
            rows.settle(session, task, state="dead", reason=reason, done_at=now)
            if reason != "erased":
                alerts.tell_stopped(session, services, task, now)
    return verdict
