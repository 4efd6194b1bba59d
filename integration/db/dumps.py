"""A whole PostgreSQL database as one stream, by `pg_dump` and `pg_restore`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from sqlalchemy import URL, text

from integration.db.session import Database
from integration.domain.errors import Misconfigured, Permanent
from integration.settings import libpq_environment

_RESTORE = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--file=-")
_SCRIPT = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")

# A newer version may have left tables that the dump knows nothing of; what belongs to an extension stays.
_EMPTY = b"""BEGIN;
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE 'DROP TABLE IF EXISTS ' || one || ' CASCADE';
    END LOOP;
    FOR one IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
        EXECUTE 'DROP ROUTINE IF EXISTS ' || one || ' CASCADE';
    END LOOP;
END $$;
"""


@contextmanager
def dumped(url: URL) -> Iterator[IO[bytes]]:
    """The dump as it is made, never on disk in the clear; `Permanent("dump_failed")` at the end if it is not whole."""
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--dbname={_address(url)}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=_environment(url)) as dumping:  # noqa: S603  our own words
            assert dumping.stdout  # noqa: S101  because of PIPE
            yield dumping.stdout
        _judge("pg_dump", dumping.returncode, said)


def load(url: URL, pieces: Iterable[bytes]) -> None:
    """Put the dump in place of all that is there, all or nothing; `Permanent("dump_failed")`.

    `pg_restore` writes into the door of a `psql` that has emptied the schema; when it has ended well, and only then,
    we say the last word.
    """
    psql, failed = [_program("psql"), *_SCRIPT, f"--dbname={_address(url)}"], None
    with tempfile.TemporaryFile() as said:
        options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": said, "env": _environment(url)}
        with subprocess.Popen(psql, stdin=subprocess.PIPE, **options) as writing, _to(writing) as door:  # noqa: S603
            door.write(_EMPTY)
            door.flush()
            try:
                _feed([_program("pg_restore"), *_RESTORE], pieces, _environment(url), door)
                door.write(b"COMMIT;\n")
            except Permanent as error:
                failed = error  # perhaps only because `psql` has ended, whose words are then the better ones
        _judge("psql", writing.returncode, said)
    if failed:
        raise failed


def check(pieces: Iterable[bytes]) -> None:
    """`Permanent("dump_failed")` when `pg_restore` cannot read the dump."""
    _feed([_program("pg_restore"), "--list"], pieces, _environment(None))


def _feed(
    command: list[str], pieces: Iterable[bytes], environment: dict[str, str], out: IO[bytes] | int = subprocess.DEVNULL
) -> None:
    with tempfile.TemporaryFile() as said:
        options: dict[str, Any] = {"stdout": out, "stderr": said, "env": environment}
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


def _environment(url: URL | None) -> dict[str, str]:
    """What libpq reads, as the service itself has it: hosts, passwords and certificates may be told there alone."""
    return libpq_environment() | ({"PGPASSWORD": str(url.password)} if url and url.password else {})


def _judge(program: str, code: int | None, said: IO[bytes]) -> None:
    if code:
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines() or ["?"]
        raise Permanent("dump_failed", program=program, why=lines[-1][:200])
