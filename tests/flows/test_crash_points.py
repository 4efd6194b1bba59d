"""The plug is pulled at every named step of a running service; what was promised holds after the restart (E1-E4)."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from integration.app import build_services
from integration.cli.shops import toml
from integration.clock import system_clock
from integration.db.tables import AnswerRow, CodeRow, ComplaintRow, FollowUpRow, MailRow, Receipt, Task
from integration.settings import load
from integration.worker import ticks
from tests.flows.house import House
from tests.house.conftest import ROOT

PATIENCE = 60.0
PULLED = 137
COMMAND = (sys.executable, "-c", "from integration.cli import main; main()")


@dataclass
class Plug:
    """`postventa serve` as a process of its own; when it died at the named step it is started again without it."""

    house: House
    crash_at: str
    deaths: list[int] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def start(self) -> None:
        """Serve on a free port, until it says where."""
        log = self.house.folder / f"serve{len(self.deaths)}.log"
        crash = {} if self.deaths else {"POSTVENTA_TESTING": "1", "POSTVENTA_CRASH_AT": self.crash_at}
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C", **crash}
        with log.open("wb") as out:
            serve = [*COMMAND, "serve", "--port", "0", "--config", str(self.house.folder / "config.toml")]
            self.process = subprocess.Popen(serve, env=environ, stdout=out, stderr=subprocess.STDOUT)
        found = self.wait(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()), "it never began to serve")
        self.port = int(found[1])

    def look(self) -> None:
        """Start it again when it has died, which it may do only by the plug."""
        assert self.process is not None
        code = self.process.poll()
        if code is not None:
            self.deaths.append(code)
            assert self.deaths == [PULLED], (self.house.folder / f"serve{len(self.deaths) - 1}.log").read_text()
            self.start()

    def wait(self, done: Callable[[], Any], what: str) -> Any:
        """Until something is so, whatever happens to the process meanwhile."""
        end = time.monotonic() + PATIENCE
        while not (found := done()):
            assert time.monotonic() < end, what
            if self.port:
                self.look()
            time.sleep(0.02)
        return found

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send until it is answered 200, as stores do and as people do who see no answer."""
        self.wait(lambda: self._answer(path, headers, body) == 200, "no answer")

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request("POST", path, body, dict(headers))
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()

    def stop(self) -> None:
        """By SIGTERM, as a service manager does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)


class Serving(House):
    """A house whose config is a file, so that another process can serve it."""

    def __init__(self, folder: Path, platform: str, **policy: Any) -> None:
        super().__init__(folder, system_clock, platform, **policy)  # type: ignore[arg-type]
        made = self.config(**policy) | {"worker": {"poll": "1s"}}
        (folder / "config.toml").write_text(toml(made), "utf-8")

    def idle(self) -> bool:
        """Nothing is waiting to be taken in, leased or due."""
        tasks, now = self.rows(Task), system_clock()
        busy = [task for task in tasks if task.state == "leased" or (task.state == "ready" and task.due_at <= now)]
        return not busy and "kept" not in {receipt.state for receipt in self.receipts()}

    def later(self, wait: timedelta) -> None:
        """Do what is due after a while, without waiting for it."""
        services = build_services(load(self.folder / "config.toml", {}), clock=lambda: system_clock() + wait)
        ticks.until_idle(services, "later:1")
        services.transport.close()
        services.db.close()


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[Callable[..., Plug]]:
    """`plugged(platform, crash_at, **policy)`: a service that will die once at that step."""
    made: list[Plug] = []

    def make(platform: str, crash_at: str, **policy: Any) -> Plug:
        made.append(Plug(Serving(tmp_path, platform, **policy), crash_at))
        made[-1].start()
        return made[-1]

    yield make
    for plug in made:
        plug.stop()
        plug.house.close()


def line_played(plug: Plug) -> tuple[Mapping[str, str], bytes]:
    """The whole line: Sam's parcel arrives, she gets her mails, answers what is wrong, and gets her code."""
    house = plug.house
    told = house.side.arrive(house.side.sell())
    plug.post(house.path, *told)
    plug.wait(lambda: "survey" in house.kinds(), "no survey")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = {"score": "2", "cause": "damaged", "text": "Llegó rota"}
    plug.post(house.link("survey", "s"), form, urlencode(answer).encode())
    plug.wait(house.codes, "no code in the store")
    plug.wait(house.idle, "never idle")
    plug.post(house.path, *told)  # a store that never saw our first answer sends it once more
    plug.wait(house.idle, "never idle")
    return told


def ends_well(house: House) -> None:
    """What holds after any crash, when all the time that it takes has passed."""
    assert {receipt.state for receipt in house.rows(Receipt)} == {"done"}
    assert [len(house.rows(table)) for table in (AnswerRow, ComplaintRow, CodeRow)] == [1, 1, 1]
    [held] = house.codes()
    assert (held.usage_limit, len(held.bound_to)) == (1, 1)
    assert [code.state for code in house.rows(CodeRow)] == ["mailed"]
    assert {task.state for task in house.rows(Task) if task.due_at <= system_clock()} <= {"done", "ambiguous"}
    for step in house.rows(FollowUpRow):
        assert step.state == "done" or (step.state == "skipped" and step.reason) or step.due_at > system_clock()
    for mail in house.rows(MailRow):
        assert mail.state == "sent" or (mail.state in ("skipped", "dead", "ambiguous") and mail.reason)


def copies(house: House) -> Counter[str]:
    """How often each kind of mail left."""
    return Counter(house.kinds())


ONCE = {"label": 1, "survey": 1, "complaint_ack": 1, "owner_fix": 1, "discount_code": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "point"),
    [
        ("woocommerce", "inbox_committed"),
        ("shopify", "inbox_committed"),
        ("woocommerce", "task_claimed"),
        ("woocommerce", "code_created"),
        ("shopify", "code_created"),
        ("woocommerce", "answer_committed"),
    ],
)
def test_a_crash_loses_nothing_and_does_nothing_twice(plugged: Callable[..., Plug], platform: str, point: str) -> None:
    plug = plugged(platform, point)
    told = line_played(plug)
    assert plug.deaths == [PULLED]
    plug.stop()
    plug.house.later(timedelta(minutes=11))
    ends_well(plug.house)
    assert copies(plug.house) == ONCE
    assert told[1] in [receipt.body for receipt in plug.house.rows(Receipt)]


@pytest.mark.slow
def test_a_label_mail_that_may_be_out_is_sent_once_more_after_ten_minutes_under_the_same_id(
    plugged: Callable[..., Plug],
) -> None:
    plug = plugged("woocommerce", "mail_accepted")
    house = plug.house
    line_played(plug)
    assert plug.deaths == [PULLED]
    plug.stop()
    assert copies(house) == ONCE
    [mail] = [mail for mail in house.rows(MailRow) if mail.kind == "label"]
    [task] = [task for task in house.rows(Task) if task.kind == "SendMail" and task.subject == mail.id]
    assert (mail.state, mail.reason, task.state) == ("queued", "mail_interrupted", "ready")
    wait = task.due_at - (task.tried_at or task.created_at)
    assert timedelta(minutes=10) <= wait < timedelta(minutes=12)
    house.later(timedelta(minutes=12))
    house.later(timedelta(days=2))
    ends_well(house)
    assert copies(house) == ONCE | {"label": 2}
    assert {str(sent.message["Message-ID"]) for sent in house.mails("label")} == {mail.message_id}


@pytest.mark.slow
def test_a_survey_that_may_be_out_is_never_sent_again_and_can_be_answered(plugged: Callable[..., Plug]) -> None:
    plug = plugged("woocommerce", "mail_accepted", label="off")
    line_played(plug)
    assert plug.deaths == [PULLED]
    plug.stop()
    plug.house.later(timedelta(minutes=12))
    plug.house.later(timedelta(days=2))
    ends_well(plug.house)
    assert copies(plug.house)["survey"] == 1
    [survey] = [mail for mail in plug.house.rows(MailRow) if mail.kind == "survey"]
    assert (survey.state, survey.copies) == ("ambiguous", 1)


def test_a_crash_point_needs_the_testing_switch(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    assert load(tmp_path / "config.toml", {"POSTVENTA_CRASH_AT": "task_claimed"}).crash_at == ""
