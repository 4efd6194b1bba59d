"""An installation of several machines: one PostgreSQL, one broker, and processes that the tests start and kill."""

from __future__ import annotations

import http.client
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from integration.app import build_services
from integration.cli.shops import toml
from integration.clock import system_clock
from integration.db.tables import MailRow, Task
from integration.settings import load
from integration.worker import ticks
from tests.flows.house import House
from tests.processes import Running, start

PATIENCE = 60.0
LEASE = timedelta(seconds=4)


@dataclass
class Process:
    """A `postventa` command that runs; what it says goes into `log`."""

    words: tuple[str, ...]
    log: Path
    crash_at: str = ""
    running: Running | None = None

    def start(self) -> None:
        """Start it (again)."""
        self.running = start(self.words, self.log, self.crash_at)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.running is not None:
            self.running.send_signal(signal.SIGKILL)
            self.running.wait(PATIENCE)

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self.running is not None
        return self.running.pid

    def stop(self) -> int:
        """End it as a service manager would; its exit code."""
        assert self.running is not None
        self.running.terminate()
        return self.running.wait(PATIENCE)

    def ended(self) -> int | None:
        """Its exit code, once it has ended."""
        return self.running.poll() if self.running else None

    def said(self) -> str:
        """All that it wrote."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


@dataclass
class Site:
    """Mia's shop on PostgreSQL, its config as a file, and the processes that work for it."""

    house: House
    broker: str
    processes: list[Process] = field(default_factory=list)
    sold: int = 0

    def __post_init__(self) -> None:
        self.configure()

    def configure(
        self, mail: Mapping[str, Any] | None = None, policy: Mapping[str, Any] | None = None, **worker: Any
    ) -> None:
        """Write config.toml."""
        own = {"engine": "celery", "broker": self.broker, "hands": 1, "poll": "1s", "lease": "4s"} | worker
        (self.house.folder / "config.toml").write_text(
            toml(self.house.config(**(policy or {})) | {"worker": own} | ({"mail": mail} if mail else {})), "utf-8"
        )

    def worker(self, *words: str, crash_at: str = "") -> Process:
        """Start a `postventa work`."""
        return self._run("work", *words, crash_at=crash_at)

    def web(self) -> Process:
        """Start a `postventa serve` on a free port."""
        return self._run("serve", "--port", "0")

    def _run(self, *words: str, crash_at: str = "") -> Process:
        config = ("--config", str(self.house.folder / "config.toml"))
        log = self.house.folder / f"{words[0]}{len(self.processes)}.log"
        self.processes.append(Process((*words, *config), log, crash_at))
        self.processes[-1].start()
        return self.processes[-1]

    def close(self) -> None:
        """No process outlives a test."""
        for process in self.processes:
            process.kill()
        self.house.close()

    def deliver(self, n: int) -> None:
        """Parcels arrive; the webhooks are kept by this process, which does nothing else."""
        for _ in range(n):
            assert self.house.post(*self.parcel()) == 200

    def parcel(self) -> tuple[Mapping[str, str], bytes]:
        """Somebody's parcel arrives, each somebody else's at another mail server: the webhook that says so."""
        self.sold += 1
        return self.house.side.arrive(self.house.side.sell(email=f"sam@shop{self.sold}.example"))

    def until(self, done: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
        """Wait for something to be so."""
        end = time.monotonic() + patience
        while not (found := done()):
            assert time.monotonic() < end, "\n".join([what, *(one.said()[-3000:] for one in self.processes)])
            time.sleep(0.05)
        return found

    def idle(self) -> bool:
        """Nothing waits to be taken in, is worked at or is due."""
        tasks, now = self.house.rows(Task), system_clock()
        busy = [task for task in tasks if task.state == "leased" or (task.state == "ready" and task.due_at <= now)]
        return not busy and "kept" not in {receipt.state for receipt in self.house.receipts()}

    def done(self, n: int) -> None:
        """Wait until `n` deliveries had their label and survey."""
        self.until(lambda: len(self.house.rows(MailRow)) >= 2 * n and self.idle(), "never done")

    def tasks(self, kind: str = "") -> list[Task]:
        """The tasks that are due, of one kind."""
        now = system_clock()
        return [task for task in self.house.rows(Task) if task.due_at <= now and kind in ("", task.kind)]

    def copies(self) -> Counter[str]:
        """How often each mail left, by its Message-ID."""
        return Counter(str(mail.message["Message-ID"]) for mail in self.house.mails())

    def later(self, wait: timedelta) -> None:
        """Do what is due after a while, without waiting for it."""
        services = build_services(load(self.house.folder / "config.toml", {}), clock=lambda: system_clock() + wait)
        ticks.until_idle(services, "later:1")
        services.transport.close()
        services.db.close()


def port_of(web: Process) -> int:
    """Where a `serve` listens; 0 while it has not said so."""
    found = re.findall(r"http://127\.0\.0\.1:(\d+)", web.said())
    return int(found[-1]) if found else 0


def post(port: int, path: str, told: tuple[Mapping[str, str], bytes]) -> bool:
    """Whether a webhook was answered 200."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("POST", path, told[1], dict(told[0]))
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def once(counts: Iterable[int]) -> bool:
    """Whether all of these happened once."""
    return set(counts) == {1}
