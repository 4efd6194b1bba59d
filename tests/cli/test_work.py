"""`work --until-idle`, alone and beside a running `serve`: together they do everything once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.db.tables import MailRow, Task
from tests.cli.conftest import Postventa
from tests.flows.house import House
from tests.house.conftest import ROOT

PATIENCE = 60.0
COMMAND = (sys.executable, "-c", "from integration.cli import main; main()")


def environ() -> dict[str, str]:
    """The environment of a command of its own."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C"}


def until(done: Callable[[], Any], what: str) -> Any:
    """Wait for something to be so."""
    end = time.monotonic() + PATIENCE
    while not (found := done()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


@pytest.fixture
def serve(house: House) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`serve(*words)`: a running `postventa serve`, answering."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        log: Path = house.folder / "serve.log"
        with log.open("wb") as out:
            line = [*COMMAND, "serve", "--port", "0", *words]
            running.append(subprocess.Popen(line, cwd=house.folder, env=environ(), stdout=out, stderr=out))
        until(lambda: re.search(rb"http://127\.0\.0\.1:\d+", log.read_bytes()), "it never began to serve")
        return running[-1]

    yield start
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
    house: House, serve: Callable[..., subprocess.Popen[bytes]]
) -> None:
    serve()
    for _ in range(12):
        assert house.post(*house.side.arrive(house.side.sell())) == 200
    for _ in range(2):
        line = [*COMMAND, "work", "--until-idle"]
        done = subprocess.run(line, cwd=house.folder, env=environ(), capture_output=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
    until(lambda: idle(house), "never idle")
    assert house.kinds().count("label") == house.kinds().count("survey") == 12
    assert {mail.copies for mail in house.rows(MailRow)} == {1}
    assert {task.fence for task in house.rows(Task) if task.state == "done"} == {1}


@pytest.mark.slow
def test_serve_without_a_worker_keeps_and_leaves_the_rest_to_work(
    postventa: Postventa, house: House, serve: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = serve("--no-worker")
    house.post(*house.side.arrive(house.side.sell()))
    assert [receipt.state for receipt in house.receipts()] == ["kept"]
    assert postventa("work", "--until-idle").code == 0
    assert sorted(house.kinds()) == ["label", "survey"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_serve_ends_with_0_within_ten_seconds_of_being_told_to(
    house: House, serve: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = serve()
    for _ in range(10):
        house.post(*house.side.arrive(house.side.sell()))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 15
    assert "leased" not in {task.state for task in house.rows(Task)}
    assert "sending" not in {mail.state for mail in house.rows(MailRow)}
