"""What was done is noted in few commits, each task as if it stood alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import event, update
from sqlmodel import Session, col

from integration.db.queries import outbox
from integration.db.tables import Shop, Task
from integration.flows import dispatch, verdicts
from integration.flows.services import Services
from tests.flows.house import House

OWN = "AssumeDelivered"  # of our own stream: it reaches nobody outside
STORE = "NoteOrder"


def put(house: House, n: int, kind: str = OWN) -> Sequence[str]:
    """Due tasks of one kind; their ids."""
    with house.services.db.writing() as session:
        for number in range(n):
            outbox.put_task(session, house.shop_id, kind, "it", house.clock(), key=f"{kind}:{number}")
    return sorted(task.id for task in house.rows(Task) if task.kind == kind)


def as_kind(monkeypatch: pytest.MonkeyPatch, kind: str, act: Callable[[Services, Task], verdicts.Write | None]) -> None:
    handler = dispatch.Handler(act, stream=dispatch.HANDLERS[kind].stream)
    monkeypatch.setattr(dispatch, "HANDLERS", dispatch.HANDLERS | {kind: handler})


def commits(house: House, work: Callable[[], object]) -> int:
    """How many of them the work took."""
    seen = list[int]()
    note = lambda _connection: seen.append(1)  # noqa: E731  to be taken back it needs a name
    event.listen(house.services.db.engine, "commit", note)
    work()
    event.remove(house.services.db.engine, "commit", note)
    return len(seen)


def states(house: House, kind: str = OWN) -> list[str]:
    return [task.state for task in sorted(house.rows(Task), key=lambda task: task.id) if task.kind == kind]


def renames(to: str) -> verdicts.Write:
    """Something to write beside a verdict."""

    def write(session: Session, _now: datetime) -> None:
        session.execute(update(Shop).values(name=col(Shop.name) + to))

    return write


def breaks(_session: Session, _now: datetime) -> None:
    raise RuntimeError("a bug of ours")


def test_what_reached_nobody_outside_is_claimed_and_noted_in_two_commits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(house, 20)
    as_kind(monkeypatch, OWN, lambda services, task: None)
    assert commits(house, lambda: dispatch.run_all(house.services, ids, "a:1")) == 2
    assert set(states(house)) == {"done"}


def test_verdicts_that_write_share_commits_of_ten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = put(house, 20)
    as_kind(monkeypatch, OWN, lambda services, task: renames("!"))
    assert commits(house, lambda: dispatch.run_all(house.services, ids, "a:1")) == 3
    assert set(states(house)) == {"done"}
    assert house.rows(Shop)[0].name.endswith("!" * 20)


def test_what_reached_a_store_is_noted_before_the_next_is_begun(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, seen = put(house, 3, STORE), list[list[str]]()
    as_kind(monkeypatch, STORE, lambda services, task: seen.append(states(house, STORE)))
    dispatch.run_all(house.services, ids, "a:1")
    assert [each.count("done") for each in seen] == [0, 1, 2]


def test_one_that_cannot_be_noted_holds_up_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = put(house, 5)
    as_kind(monkeypatch, OWN, lambda services, task: breaks if task.id == ids[1] else renames("!"))
    with pytest.raises(RuntimeError, match="bug"):
        dispatch.run_all(house.services, ids, "a:1")
    assert states(house) == ["done", "leased", "done", "done", "done"]
    assert house.rows(Shop)[0].name.endswith("!" * 4)
    assert not house.rows(Shop)[0].name.endswith("!" * 5)


def test_whoever_lost_the_claim_meanwhile_writes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = put(house, 3)

    def act(services: Services, task: Task) -> verdicts.Write:
        if task.id == ids[2]:  # the others were done and are not noted yet
            house.clock.advance(minutes=11)
            taken = outbox_claim(house, ids[0])
            assert taken.fence == task.fence + 1
        return renames("!")

    as_kind(monkeypatch, OWN, act)
    dispatch.run_all(house.services, ids, "a:1")
    assert states(house) == ["leased", "done", "done"]
    assert house.rows(Shop)[0].name.endswith("!" * 2)
    assert not house.rows(Shop)[0].name.endswith("!" * 3)


def outbox_claim(house: House, task_id: str) -> Task:
    """Another worker takes it, now that its lease is over."""
    lease = house.services.settings.worker.lease
    with house.services.db.marking() as session:
        [task] = outbox.claim(session, [task_id], "b:1", house.clock(), lease, dispatch.HANDLERS)
        return task


def test_what_was_done_is_noted_when_the_stream_stops_and_when_the_worker_has_to_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, done = put(house, 5), list[str]()

    def act(_services: Services, task: Task) -> None:
        done.append(task.id)

    as_kind(monkeypatch, OWN, act)
    dispatch.run_all(house.services, ids, "a:1", lambda: len(done) < 3)
    assert states(house) == ["done", "done", "done", "ready", "ready"]
