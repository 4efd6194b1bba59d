"""What was done is noted in few commits, each task as if it stood alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NoReturn

import pytest
from sqlalchemy import event, text, update
from sqlmodel import Session, col

from integration.db.queries import outbox
from integration.db.tables import Pause, Shop, Task
from integration.domain.errors import Ambiguous, Refused, Temporary
from integration.flows import dispatch, verdicts
from integration.flows.services import Services
from tests.flows.house import House

OWN = "AssumeDelivered"  # of our own stream: it reaches nobody outside
STORE = "NoteOrder"
LONG = "ErasePerson"


def put(house: House, n: int, kind: str = OWN) -> Sequence[str]:
    """Due tasks of one kind; their ids."""
    with house.services.db.writing() as session:
        for number in range(n):
            outbox.put_task(session, house.shop_id, kind, "it", house.clock(), key=f"{kind}:{number}")
    return sorted(task.id for task in house.rows(Task) if task.kind == kind)


def as_kind(monkeypatch: pytest.MonkeyPatch, kind: str, act: Callable[[Services, Task], verdicts.Write | None]) -> None:
    usual = dispatch.HANDLERS[kind]
    handler = dispatch.Handler(act, stream=usual.stream, slow=usual.slow, while_paused=usual.while_paused)
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
    assert house.rows(Shop)[0].name.count("!") == 20


def test_what_reached_a_store_is_noted_before_the_next_is_begun(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, seen = put(house, 3, STORE), list[list[str]]()
    as_kind(monkeypatch, STORE, lambda services, task: seen.append(states(house, STORE)))
    dispatch.run_all(house.services, ids, "a:1")
    assert [each.count("done") for each in seen] == [0, 1, 2]


def test_one_that_cannot_be_noted_holds_up_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = put(house, 23)
    as_kind(monkeypatch, OWN, lambda services, task: breaks if task.id == ids[1] else renames("!"))
    assert dispatch.run_all(house.services, ids, "a:1") == 23
    assert states(house) == ["done", "ready", *["done"] * 21]
    assert house.rows(Shop)[0].name.count("!") == 22
    [broken] = [task for task in house.rows(Task) if task.id == ids[1]]
    assert (broken.reason, broken.attempts) == ("unexpected", 1)  # it is tried again, as if it had failed while acting
    assert broken.due_at > house.clock()


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
    assert house.rows(Shop)[0].name.count("!") == 2


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


def test_what_was_done_is_noted_before_something_that_takes_long(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, seen = put(house, 2), list[list[str]]()
    [long] = put(house, 1, LONG)
    as_kind(monkeypatch, OWN, lambda services, task: None)
    as_kind(monkeypatch, LONG, lambda services, task: seen.append(states(house)))
    dispatch.run_all(house.services, [ids[0], long, ids[1]], "a:1")
    assert [sorted(each) for each in seen] == [["done", "leased"]]


def test_what_was_not_begun_when_the_database_failed_is_given_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, acted = put(house, 5, STORE), list[str]()

    def act(_services: Services, task: Task) -> None:
        acted.append(task.id)
        monkeypatch.setattr(house.services.db, "marking", busy)

    real = house.services.db.marking

    def busy() -> NoReturn:
        monkeypatch.setattr(house.services.db, "marking", real)
        raise Temporary("database_busy")

    as_kind(monkeypatch, STORE, act)
    with pytest.raises(Temporary, match="database_busy"):
        dispatch.run_all(house.services, ids, "a:1")
    alone = house.services.db.engine.dialect.name == "sqlite"  # elsewhere it may have been rows of one shop
    assert acted == (ids[:1] if alone else ids)
    assert states(house, STORE) == ["leased", *["ready" if alone else "leased"] * 4]
    dispatch.run_all(house.services, [], "a:1")
    assert states(house, STORE) == ["done", *["ready" if alone else "done"] * 4]
    assert acted.count(ids[0]) == 1


def test_what_reached_nobody_and_could_not_be_noted_is_given_back_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(house, 3)
    as_kind(monkeypatch, OWN, lambda services, task: renames("!"))

    def busy(_shop_id: str) -> NoReturn:
        raise Temporary("database_busy")

    with monkeypatch.context() as held:
        held.setattr(house.services.db, "writing", busy)
        with pytest.raises(Temporary, match="database_busy"):
            dispatch.run_all(house.services, ids, "a:1")
    assert states(house) == ["ready"] * 3
    house.run()
    assert states(house) == ["done"] * 3
    assert house.rows(Shop)[0].name.count("!") == 3


@pytest.mark.parametrize("kind", [OWN, LONG], ids=["usual", "done in a paused shop, too"])
def test_a_refusal_of_our_own_stream_stands_until_it_is_done(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    put(house, 1, kind)
    frozen = [Refused("shop_frozen")]

    def act(_services: Services, _task: Task) -> None:
        if frozen:
            raise frozen.pop()

    as_kind(monkeypatch, kind, act)
    house.run()
    assert [(pause.stream, pause.reason) for pause in house.rows(Pause)] == [(kind, "shop_frozen")]
    house.clock.advance(minutes=16)
    house.run()
    assert states(house, kind) == ["done"]
    assert house.rows(Pause) == []


def test_one_of_which_nobody_knows_whether_it_has_to_wait_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(house, 3)

    def hold(session: Session, _services: Services, task: Task, _now: datetime) -> tuple[datetime | None, str]:
        if task.id == ids[0]:
            session.execute(text("SELECT nothing FROM nowhere"))
        return None, ""

    handler = dispatch.Handler(lambda services, task: None, hold=hold)
    monkeypatch.setattr(dispatch, "HANDLERS", dispatch.HANDLERS | {OWN: handler})
    house.run()
    assert states(house) == ["ready", "done", "done"]
    [odd] = [task for task in house.rows(Task) if task.id == ids[0]]
    assert (odd.reason, odd.attempts) == ("unexpected", 1)


def test_a_failure_of_which_nobody_can_say_what_comes_ends_in_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [task_id] = put(house, 1)

    def act(_services: Services, _task: Task) -> None:
        raise Temporary("unreachable")

    def failed(*_: object) -> NoReturn:
        raise KeyError("a bug of ours")

    monkeypatch.setattr(dispatch, "HANDLERS", dispatch.HANDLERS | {OWN: dispatch.Handler(act, failed=failed)})
    tries = 0
    while (task := next(one for one in house.rows(Task) if one.id == task_id)).state == "ready":
        assert (task.attempts, tries) == (tries, task.attempts)
        tries += 1
        assert tries < 50
        house.clock.now = max(task.due_at, house.clock.now)
        dispatch.run_all(house.services, [task_id], "a:1")
    assert (task.state, task.reason) == ("dead", "unreachable")


def test_what_may_be_out_is_parked_even_where_nobody_can_say_what_comes_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [task_id] = put(house, 1, STORE)

    def act(_services: Services, _task: Task) -> None:
        raise Ambiguous("no_answer")

    def failed(*_: object) -> NoReturn:
        raise KeyError("a bug of ours")

    handler = dispatch.Handler(act, failed=failed, stream="store")
    monkeypatch.setattr(dispatch, "HANDLERS", dispatch.HANDLERS | {STORE: handler})
    dispatch.run_all(house.services, [task_id], "a:1")
    assert states(house, STORE) == ["ambiguous"]
