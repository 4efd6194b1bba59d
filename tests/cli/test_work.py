"""`work --until-idle`, alone and beside a running `serve`: together they do everything once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from integration.cli import leaving
from integration.cli.shops import toml
from integration.db.tables import MailRow, Receipt, Task
from integration.domain.errors import Temporary
from integration.flows import reconcile, watch
from integration.flows.services import Services
from tests.cli.conftest import Postventa
from tests.emails.mail_server import MailDesk, mail_server
from tests.flows.house import House
from tests.processes import Running, start

PATIENCE = 60.0


def until(done: Callable[[], Any], what: str) -> Any:
    """Wait for something to be so."""
    end = time.monotonic() + PATIENCE
    while not (found := done()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


@pytest.fixture
def serve(house: House) -> Iterator[Callable[..., Running]]:
    """`serve(*words)`: a running `postventa serve`, answering."""
    running: list[Running] = []

    def begin(*words: str) -> Running:
        log = house.folder / "serve.log"
        running.append(start(["serve", "--port", "0", *words], log, folder=house.folder))
        until(lambda: re.search(rb"http://127\.0\.0\.1:\d+", log.read_bytes()), "it never began to serve")
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait(PATIENCE)


def idle(house: House) -> bool:
    """Nothing is kept, leased, or ready and due."""
    now = house.clock()
    busy = [
        task for task in house.rows(Task) if task.state == "leased" or (task.state == "ready" and task.due_at <= now)
    ]
    return not busy and "kept" not in {receipt.state for receipt in house.receipts()}


def test_work_does_all_that_is_due_and_says_how_much(postventa: Postventa, house: House) -> None:
    house.post(*house.side.arrive(house.side.sell()))
    ended = postventa("work", "--until-idle")
    assert ended.code == 0
    assert re.search(r"[1-9]", ended.out)
    assert sorted(house.kinds()) == ["label", "survey"]
    again = postventa("work", "--until-idle")
    assert "0" in again.out
    assert sorted(house.kinds()) == ["label", "survey"]


@pytest.mark.slow
def test_beside_a_running_serve_both_share_the_tasks_and_none_is_done_twice(
    house: House, serve: Callable[..., Running]
) -> None:
    serve()
    for _ in range(12):
        assert house.post(*house.side.arrive(house.side.sell())) == 200
    for _ in range(2):
        log = house.folder / "work.log"
        assert start(["work", "--until-idle"], log, folder=house.folder).wait(PATIENCE) == 0, log.read_text()
    until(lambda: idle(house), "never idle")
    assert house.kinds().count("label") == house.kinds().count("survey") == 12
    assert {mail.copies for mail in house.rows(MailRow)} == {1}
    assert {task.fence for task in house.rows(Task) if task.state == "done"} == {1}


@pytest.mark.slow
def test_serve_without_a_worker_keeps_and_leaves_the_rest_to_work(
    postventa: Postventa, house: House, serve: Callable[..., Running]
) -> None:
    process = serve("--no-worker")
    house.post(*house.side.arrive(house.side.sell()))
    assert [receipt.state for receipt in house.receipts()] == ["kept"]
    assert postventa("work", "--until-idle").code == 0
    assert sorted(house.kinds()) == ["label", "survey"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_serve_ends_with_0_within_ten_seconds_of_being_told_to(house: House, serve: Callable[..., Running]) -> None:
    process = serve()
    for _ in range(10):
        house.post(*house.side.arrive(house.side.sell()))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 15
    assert "leased" not in {task.state for task in house.rows(Task)}
    assert "sending" not in {mail.state for mail in house.rows(MailRow)}


class Failing:
    """A look that fails the first time, and ends us the second."""

    def __init__(self, error: Exception) -> None:
        self.error, self.looks = error, 0

    def __call__(self, _services: Services) -> int:
        self.looks += 1
        if self.looks == 1:
            raise self.error
        os.kill(os.getpid(), signal.SIGTERM)
        return 0


@pytest.mark.parametrize("error", [Temporary("database_busy"), RuntimeError("bug")], ids=["outage", "bug"])
def test_a_resident_work_goes_on_after_a_look_that_failed_and_does_the_rest_meanwhile(
    postventa: Postventa, house: House, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing = Failing(error)
    monkeypatch.setattr(watch, "run", failing)
    (house.folder / "config.toml").write_text(toml(house.config() | {"worker": {"poll": "0s"}}), "utf-8")
    house.post(*house.side.arrive(house.side.sell()))
    assert postventa("work").code == 0
    assert failing.looks == 2
    assert sorted(house.kinds()) == ["label", "survey"]


def test_cron_does_what_it_can_and_then_tells_what_failed_first(
    postventa: Postventa, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "due", Failing(Temporary("database_busy")))
    monkeypatch.setattr(watch, "run", Failing(Temporary("shop_paused")))
    house.post(*house.side.arrive(house.side.sell()))
    with house.services.db.writing() as session:
        session.add(Receipt(id="old", connection_id=house.shop(session).connection_id, delivery_key="old", topic="",
                            body=b"{}", received_at=house.clock() - timedelta(days=31), state="done"))  # fmt: skip
    ended = postventa("work", "--until-idle")
    assert ended.code == 1
    assert [receipt.body for receipt in house.receipts() if receipt.id == "old"] == [b""]
    assert "The database is busy" in ended.err
    assert re.search(r"[1-9]", ended.out)
    assert sorted(house.kinds()) == ["label", "survey"]


def test_a_signal_in_the_middle_of_waiting_is_heard_at_once() -> None:
    """Wherever in there: an `Event` has a lock of its own, for which the handler would wait for ever."""

    def tell(waits: list[bool]) -> None:
        until(lambda: waits, "nobody waits")
        os.kill(os.getpid(), signal.SIGTERM)

    for _ in range(50):
        waits = list[bool]()
        with leaving.asked() as asked, ThreadPoolExecutor(1) as threads:
            signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits for itself"))
            signal.alarm(leaving.PATIENCE)
            threads.submit(tell, waits)
            while not asked.wait(0):
                waits.append(True)
            assert asked.wait(PATIENCE)


class Slow(MailDesk):
    """Has the mail in hand when our process is told to leave, and says only then that it took it."""

    def __init__(self, wait: float, *signals: signal.Signals) -> None:
        super().__init__()
        self.wait, self.signals = wait, signals

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802 - aiosmtpd names it
        for each in self.signals:
            os.kill(os.getpid(), each)
            await asyncio.sleep(0.1)
        await asyncio.sleep(self.wait)
        return await super().handle_DATA(*given)


@pytest.fixture
def mailing(house: House) -> Iterator[Callable[[MailDesk], MailDesk]]:
    """`mailing(desk)`: the house's mails go to that server; two are waiting."""
    with ExitStack() as serving:

        def begin(desk: MailDesk) -> MailDesk:
            serving.enter_context(mail_server(desk))
            mail = {"transport": "smtp", "host": "127.0.0.1", "port": desk.port, "starttls": "off"}
            (house.folder / "config.toml").write_text(toml(house.config() | {"mail": mail}), "utf-8")
            for _ in range(2):
                house.post(*house.side.arrive(house.side.sell()))
            return desk

        yield begin


def sent(house: House) -> list[tuple[str, int]]:
    """State and copies of the mails that were begun."""
    return [(mail.state, mail.copies) for mail in house.rows(MailRow) if mail.copies]


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [(), ("--until-idle",)], ids=["resident", "cron"])
def test_work_that_is_told_to_end_finishes_the_mail_at_hand_and_begins_no_other(
    postventa: Postventa,
    house: House,
    mailing: Callable[[MailDesk], MailDesk],
    told: signal.Signals,
    words: tuple[str, ...],
) -> None:
    before = signal.getsignal(told)
    desk = mailing(Slow(0.3, told))
    assert postventa("work", *words).code == 0
    assert sent(house) == [("sent", 1)]
    assert len(desk.mails) == 1
    assert "leased" not in {task.state for task in house.rows(Task)}
    assert signal.getsignal(told) == before
    assert signal.alarm(0) == 0


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)], ids=["once", "twice"])
def test_what_takes_too_long_is_left_in_doubt_and_so_it_is_when_told_twice(
    postventa: Postventa,
    house: House,
    mailing: Callable[[MailDesk], MailDesk],
    monkeypatch: pytest.MonkeyPatch,
    signals: tuple[signal.Signals, ...],
) -> None:
    assert leaving.PATIENCE == 8  # of the ten seconds that service managers give
    monkeypatch.setattr(leaving, "PATIENCE", 1 if len(signals) == 1 else 60)
    mailing(Slow(30, *signals))
    began = time.monotonic()
    assert postventa("work").code == 0
    assert time.monotonic() - began < 10
    assert sent(house) == [("sending", 1)]  # whoever comes next knows that it may be out


@pytest.mark.slow
def test_a_work_in_a_process_of_its_own_ends_with_0(house: House, mailing: Callable[[MailDesk], MailDesk]) -> None:
    mailing(Slow(1))
    working = start(["work"], house.folder / "work.log", folder=house.folder)
    try:
        until(lambda: sent(house), "no mail is begun")
        working.send_signal(signal.SIGTERM)
        assert working.wait(PATIENCE) == 0
        assert sent(house) == [("sent", 1)]
    finally:
        working.kill()
        working.wait(PATIENCE)
