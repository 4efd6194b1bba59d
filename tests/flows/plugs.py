"""A service in a process of its own whose plug is pulled, and what holds when it was."""

from __future__ import annotations

import http.client
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from integration.app import build_services
from integration.cli.shops import toml
from integration.clock import system_clock
from integration.db.tables import AnswerRow, CodeRow, ComplaintRow, FollowUpRow, MailRow, Receipt, Task
from integration.flows import dispatch
from integration.settings import load
from integration.worker import ticks
from tests.flows.house import House
from tests.processes import Running, start

PATIENCE = 60.0
PULLED = 137


def at(house: House) -> tuple[str, str]:
    """The option that names this installation."""
    return "--config", str(house.folder / "config.toml")


def pulled(house: House, point: str, *words: str) -> None:
    """A command in a process of its own, `work` if none is named, that dies at this step."""
    log = house.folder / f"{point}.log"
    died = start([*(words or ("work", "--until-idle")), *at(house)], log, point)
    assert died.wait(PATIENCE) == PULLED, (point, log.read_text())


def restarted(house: House) -> None:
    """The next process frees what the dead one held, and does what is due."""
    dispatch.free_lapsed(house.services, ticks.dead_owner)
    house.run()


@dataclass
class Plug:
    """`postventa serve` as a process of its own; when it died at the named step it is started again without it.

    `in_doubt` are the kinds of the mails that were being sent at that moment, by another hand: they may be out (E4).
    """

    house: House
    crash_at: str
    deaths: list[int] = field(default_factory=list)
    in_doubt: set[str] = field(default_factory=set)
    process: Running | None = None
    port: int = 0
    options: tuple[str, ...] = ()

    def start(self) -> None:
        """Serve on a free port, until it says where."""
        log = self.house.folder / f"serve{len(self.deaths)}.log"
        log.unlink(missing_ok=True)
        serve = ["serve", "--port", "0", *self.options, *at(self.house)]
        self.process = start(serve, log, "" if self.deaths else self.crash_at)
        found = self.wait(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()), "it never began to serve")
        self.port = int(found[1])

    def look(self) -> None:
        """Start it again when it has died, which it may do only by the plug."""
        assert self.process is not None
        code = self.process.poll()
        if code is not None:
            self.deaths.append(code)
            self.in_doubt |= {mail.kind for mail in self.house.rows(MailRow) if mail.state == "sending"}
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
        self.wait(lambda: self.answer(path, headers, body) == 200, "no answer")

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer, 0 when there is none."""
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

    def __init__(self, folder: Path, platform: str, database: str = "", **policy: Any) -> None:
        super().__init__(folder, system_clock, platform, database, **policy)  # type: ignore[arg-type]
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
