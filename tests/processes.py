"""`postventa` commands in processes of their own that begin at once: forked from one that has read all of our code.

Reading it takes two seconds of a processor, and the tests start some hundred processes. Whoever is started here shares
nothing with the test but the files that it is told of, runs the real entry point, and ends as it likes or is killed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[1]
READ = ("integration.cli", "integration.worker.celery", "celery.apps.worker", "celery.concurrency.thread", "psycopg")
MOST = 65536  # bytes of a request
COMMAND = (sys.executable, "-c", "from integration.cli import main; main()")  # for whom beginning is part of the test


def environment(crash_at: str = "") -> dict[str, str]:
    """What a process of ours is told; with a step at which it is to end."""
    crash = {"POSTVENTA_TESTING": "1", "POSTVENTA_CRASH_AT": crash_at} if crash_at else {}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C", **crash}


class Running:
    """A command that was started; it tells what a `subprocess.Popen` would."""

    def __init__(self, report: int) -> None:
        self._report, self._code, self._told = report, None, b""  # type: int, int | None, bytes
        self.pid = int(self._line(None) or 0)

    def _line(self, timeout: float | None) -> str:
        """The next line of the report; empty when none came in time."""
        end = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._told:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._report], [], [], left)[0]:
                return ""
            more = os.read(self._report, 64)
            assert more, "whoever minded it is gone"
            self._told += more
        line, _, self._told = self._told.partition(b"\n")
        return line.decode()

    def poll(self) -> int | None:
        """Its exit code once it has ended, below 0 the signal that ended it."""
        if self._code is None and (line := self._line(0)):
            self._ended(line)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """The same, waited for; `subprocess.TimeoutExpired`."""
        if self._code is None:
            if not (line := self._line(timeout)):
                raise subprocess.TimeoutExpired("postventa", timeout or 0)
            self._ended(line)
        assert self._code is not None
        return self._code

    def _ended(self, line: str) -> None:
        self._code = int(line)
        os.close(self._report)

    def send_signal(self, number: int) -> None:
        """To a process that still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """As a service manager does."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut does."""
        self.send_signal(signal.SIGKILL)


def start(words: Sequence[str], log: Path, crash_at: str = "", folder: Path = ROOT) -> Running:
    """`postventa WORDS` in a process of its own, in this folder, which ends at that step; it speaks into `log`."""
    line, report = _parent(), os.pipe()
    with log.open("ab") as out:
        asked = {"words": list(words), "environ": environment(crash_at), "folder": str(folder)}
        socket.send_fds(line, [json.dumps(asked).encode()], [out.fileno(), report[1]])
    os.close(report[1])
    return Running(report[0])


@cache
def _parent() -> socket.socket:
    """The line to the process that all others come from; it ends with this one."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.processes", str(theirs.fileno())]
    parent = subprocess.Popen(command, cwd=ROOT, env=environment(), pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        mine.close()
        parent.wait()

    atexit.register(end)
    return mine


def main() -> None:
    """Read the code, then fork whenever asked; what is forked comes back from `_asked` and runs."""
    for name in READ:
        import_module(name)
    gc.freeze()  # what all share is not copied because somebody counts it
    assert threading.active_count() == 1, "a thread would be lost by forking"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as line:
        while not _asked(line):
            pass
    import_module("integration.cli").main()


def _asked(line: socket.socket) -> bool:
    """Whether this is the new process, with what was asked for; the old one comes back for more."""
    request, fds, _, _ = socket.recv_fds(line, MOST, 2)
    if not request:
        os._exit(0)
    if os.fork():
        for fd in fds:
            os.close(fd)
        return False
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out, report = fds
    child = os.fork()
    if child:
        line.close()
        _mind(child, report)
    os.close(report)
    _become(json.loads(request), out)
    return True


def _mind(child: int, report: int) -> NoReturn:
    """Tell who it is, and how it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(report, b"%d\n" % child)
    _, status = os.waitpid(child, 0)
    try:
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
    finally:
        os._exit(0)


def _become(asked: Mapping[str, object], out: int) -> None:
    """Take over words, environment, folder and where to speak."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for own, taken in ((0, nothing), (1, out), (2, out)):
        os.dup2(taken, own)
    os.chdir(str(asked["folder"]))
    sys.argv = ["postventa", *asked["words"]]  # type: ignore[misc]
    os.environ.clear()
    os.environ.update(asked["environ"])  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
