"""Claims due tasks, acts with no transaction open, records the verdict: the only place effects come from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlmodel import Session

from integration.db.outages import is_outage
from integration.db.queries import outbox as rows
from integration.db.tables import Task
from integration.domain.errors import Permanent, PostventaError, SinkError, Temporary
from integration.flows import (
    claims,
    codes,
    failures,
    fetches,
    followups,
    going_live,
    mail_verdicts,
    mails,
    order_notes,
    owed,
    pacing,
    pauses,
    person_requests,
    verdicts,
)
from integration.flows.apart import Trouble
from integration.flows.claims import Claimed, Hold
from integration.flows.passes import Pass
from integration.flows.services import Services
from integration.flows.verdicts import Success, Write

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
    failed: failures.Failed = lambda session, services, task, error, verdict, now: verdict
    stream: str = ""
    hold: Hold | None = None
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
    owed.pay(services, going)  # first, since what is paid may be due
    with services.db.reading() as session:
        due = rows.due(session, services.clock(), limit, _kinds(streams))
    return _run_all(services, due, owner, going)


def run_all(services: Services, task_ids: Sequence[str], owner: str, going: Callable[[], bool] = lambda: True) -> int:
    """Claim some at a time, act, record, or put off what has to wait; how many no other worker had.

    An outage is raised, at once or, when it was rows of one shop that are held, once the others have had their turn.
    """
    owed.pay(services, going)
    return _run_all(services, task_ids, owner, going)


def run(services: Services, task_id: str, owner: str) -> bool:
    """The same for one; false when another worker has it."""
    return run_all(services, [task_id], owner) == 1


def _run_all(services: Services, task_ids: Sequence[str], owner: str, going: Callable[[], bool]) -> int:
    ran, left, trouble, now_on = 0, list(task_ids), Trouble(services), Pass(services.clock())
    while left and going():
        asked, left = left[:AT_A_TIME], left[AT_A_TIME:]
        with trouble.at("tasks"):
            batch = claims.take(services, HANDLERS, asked, owner)
            hand = _Hand(services, batch.taken, now_on, trouble)
            ran += batch.put_off + hand.act(going)
            left = [*hand.again, *left]
            ran += sum(_run_all(services, [task_id], owner, going) for task_id in batch.suspects if going())
            if batch.taken and not hand.begun:
                break  # this pass is over for these shops, and what is left is theirs: due is asked by turns
    trouble.end()
    return ran


@dataclass
class _Hand:
    """Some tasks that were taken together, done one after the other; `again` are those to be taken once more.

    What reached nobody outside may be done twice: its success is noted later, with those beside it.
    """

    services: Services
    taken: Sequence[Claimed]
    now_on: Pass
    trouble: Trouble
    again: list[str] = field(default_factory=list)
    begun: list[Claimed] = field(default_factory=list)
    unrecorded: list[Success] = field(default_factory=list)
    stands: set[str] = field(default_factory=set)

    def act(self, going: Callable[[], bool]) -> int:
        """Do them, and tell the others; how many were begun. The rest is given back, and so is what is harmless."""
        with ExitStack() as at_the_end:
            at_the_end.callback(self._give_back)
            at_the_end.callback(self._record)
            for claimed in self.taken:
                if not going():
                    break
                if self._has_turn(claimed):
                    self._begin(claimed)
        if self.begun and not self.trouble.first:
            self.services.wake()
        return len(self.begun)

    def _has_turn(self, claimed: Claimed) -> bool:
        """Not in a long pass in which its shop had one; not while it stands, or was taken long ago: then once more."""
        if self.now_on.is_over_for(claimed, self.services.clock()):
            return False
        fresh = not self.begun or claims.fresh(self.services, claimed)
        if fresh and claimed.task.shop_id not in self.stands:
            return True
        self.again.append(claimed.task.id)
        return False

    def _begin(self, claimed: Claimed) -> None:
        task, handler = claimed.task, HANDLERS[claimed.task.kind]
        self.begun.append(claimed)
        self.now_on.served.add(task.shop_id)
        with self.trouble.at(f"task {task.id} ({task.kind})"):
            if handler.slow:
                self._record()
            if not self._do(claimed, handler):
                self.stands.add(task.shop_id)
            if handler.stream:
                self._record()

    def _do(self, claimed: Claimed, handler: Handler) -> bool:
        """Act, and note a failure; false when its stream stands still from now on."""
        services, task = self.services, claimed.task
        services.checkpoint("task_claimed")
        if claimed.problem:
            return failures.record(services, task, handler, claimed.problem)
        try:
            rest = handler.act(services, task)
        except SinkError as error:
            return failures.record(services, task, handler, error)
        except PostventaError as error:
            return failures.record(services, task, handler, Permanent(error.code, **error.params))
        except Exception as error:
            log.exception("task %s (%s) failed unexpectedly", task.id, task.kind)
            return failures.record(services, task, handler, Temporary("unexpected", why=type(error).__name__))
        self.unrecorded.append(_success(services, claimed, handler, rest))
        return True

    def _record(self) -> None:
        """Note what was done. What cannot be noted now is owed, but for what is harmless: that is given back."""
        unrecorded, self.unrecorded = self.unrecorded, []
        try:
            failed = verdicts.record(self.services, unrecorded, self.trouble)
        finally:
            for success in unrecorded:
                if HANDLERS[success.task.kind].stream:
                    owed.owe(self.services, [success.task], partial(_note, self.services, success))
        for success, why in failed:
            handler = HANDLERS[success.task.kind]
            failures.record(self.services, success.task, handler, Temporary("unexpected", why=why))

    def _give_back(self) -> None:
        """What was not begun; after an outage what is harmless, too, unless it was noted after all."""
        begun = {claimed.task.id for claimed in self.begun}
        tasks = [claimed.task for claimed in self.taken if claimed.task.id not in begun]
        if self.trouble.first:
            tasks += [claimed.task for claimed in self.begun if not HANDLERS[claimed.task.kind].stream]
        try:
            claims.give_back(self.services, tasks)
        except Exception as error:
            if not is_outage(error):
                raise
            owed.owe(self.services, tasks, partial(claims.give_back, self.services, tasks))


def _note(services: Services, success: Success) -> None:
    """Once more; what cannot be noted stays owed."""
    trouble = Trouble(services)
    failed = verdicts.record(services, [success], trouble)
    trouble.end()
    for _, why in failed:
        failures.note(services, success.task, HANDLERS[success.task.kind], Temporary("unexpected", why=why))


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
    with services.db.reading() as session:
        dead = [task for task in rows.leased(session) if dead_owner(task.owner)]
    with services.db.marking() as session:
        rows.free(session, dead)


def _success(services: Services, claimed: Claimed, handler: Handler, rest: Write | None) -> Success:
    task, done, writes = claimed.task, handler.done, list[Write]()
    if rest:
        writes.append(rest)
    if done:
        writes.append(lambda session, now: done(session, services, task, now))
    if claimed.after_pause:
        writes.append(lambda session, now: pauses.end(session, task.shop_id, claims.stream_of(handler, task)))
    return Success(task, writes)
