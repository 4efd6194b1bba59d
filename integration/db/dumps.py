"""A whole PostgreSQL database as one stream, by `pg_dump` and `pg_restore`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from sqlalchemy import URL, text

from integration.db.session import Database
from integration.domain.errors import Misconfigured, Permanent

_RESTORE = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")


@contextmanager
def dumped(url: URL) -> Iterator[IO[bytes]]:
    """The dump as it is made, never on disk in the clear; `Permanent("dump_failed")` at the end if it is not whole."""
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--dbname={_address(url)}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=_password(url)) as dumping:  # noqa: S603  our own words
            assert dumping.stdout  # noqa: S101  because of PIPE
            yield dumping.stdout
        _judge("pg_dump", dumping.returncode, said)


def load(url: URL, pieces: Iterable[bytes]) -> None:
    """Put the dump in place of what is there, all or nothing; `Permanent("dump_failed")`."""
    _feed([_program("pg_restore"), *_RESTORE, f"--dbname={_address(url)}"], pieces, _password(url))


def check(pieces: Iterable[bytes]) -> None:
    """`Permanent("dump_failed")` when `pg_restore` cannot read the dump."""
    _feed([_program("pg_restore"), "--list"], pieces, _password(None))


def _feed(command: list[str], pieces: Iterable[bytes], environment: dict[str, str]) -> None:
    with tempfile.TemporaryFile() as said:
        options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": said, "env": environment}
        with subprocess.Popen(command, stdin=subprocess.PIPE, **options) as reading, _to(reading) as door:  # noqa: S603
            for piece in pieces:
                door.write(piece)
        _judge(command[0], reading.returncode, said)


@contextmanager
def _to(reading: subprocess.Popen[bytes]) -> Iterator[IO[bytes]]:
    """Its standard input; that it has ended already is no failure of ours: its exit code and words tell why."""
    assert reading.stdin  # noqa: S101  because of PIPE
    with suppress(BrokenPipeError), reading.stdin, suppress(BrokenPipeError):
        yield reading.stdin


def used_by_others(db: Database) -> bool:
    """Whether anyone else is connected to this database."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with db.reading() as session:
        return bool(session.execute(others).scalar_one())


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Misconfigured("no_program", program=name)
    return found


def _address(url: URL) -> str:
    """As libpq reads it, without the password, which other users of the machine could see in the list of processes."""
    return url.set(drivername="postgresql", password=None).render_as_string()


def _password(url: URL | None) -> dict[str, str]:
    password = url.password if url else None
    return {"PATH": os.defpath, **({"PGPASSWORD": str(password)} if password else {})}


def _judge(program: str, code: int | None, said: IO[bytes]) -> None:
    if code:
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines() or ["?"]
        raise Permanent("dump_failed", program=program, why=lines[-1][:200])
