"""Engines and transactions: SQLite as contracted (E9), PostgreSQL by URL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from integration.db.outages import READ_ONLY, is_outage, words
from integration.db.shared_commit import SharedCommit
from integration.db.turns import Turns
from integration.domain.errors import Misconfigured, Temporary

_BUSY_SECONDS = 10
FRESH_SECONDS = 0.1  # a connection that was used within these is taken for alive
_SERVER = {
    "lock_timeout": f"{_BUSY_SECONDS}s", "random_page_cost": "1.1",
    "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60s",
}  # fmt: skip
"""Waits as long as SQLite would; an index is worth its while, as on disks without a moving arm, else the planner reads
a whole table for a few hundred of its rows; and of a client that has vanished the server lets go within a minute, with
all locks, not within the two hours of the kernel."""
_VANISHED = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""How soon we notice that the server's machine has vanished, which no packet tells: after 15 to 20 seconds; the kernel
would take a quarter of an hour. One that only takes its time still answers for its machine, and is waited for."""
_STEADY: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_POOL: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "pool_use_lifo": True}
"""What was used last is used next: its pages are still at hand, and those that rest stay small."""
_CACHE_KB = 512
"""Of each connection to SQLite: its own 2 MB, times one for every thread, were memory that grew for hours and made
nothing faster, since the system's cache stands behind it."""
_INSTALLATION, _SHOPS, _NAMED = 20261, 20262, 20263  # the names of our advisory locks

_OF_A_SHOP = text(
    f"SELECT pg_advisory_xact_lock_shared({_INSTALLATION}), pg_advisory_xact_lock({_SHOPS}, hashtext(:shop))"
)  # in this order; one way to the server, since every task and every webhook pays it


class Database:
    """One database. `writing()` is the only way to change it; `reading()` sees a steady picture.

    SQLite lets one transaction write at a time. PostgreSQL keeps the same promise by advisory locks, so that what was
    looked up before a row is written is still true when it is: `writing()` has the installation for itself,
    `writing(shop_id)` everything of one shop, beside others that hold other shops.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._turns = Turns() if self.engine.dialect.name == "sqlite" else None
        self.inbox = SharedCommit(self.engine, lambda: self._turn(first=True), self._met_trouble)
        self.in_trouble = False  # since something could not be written; `readiness` says when that is over

    @contextmanager
    def writing(self, shop_id: str = "") -> Iterator[Session]:
        """A transaction that holds the write lock from its start and commits at the end.

        `Temporary("database_busy")` when someone else holds it longer than ten seconds or the disk is full.
        """
        with self._transaction() as session:
            lock(connection_of(session), shop_id)
            yield session

    @contextmanager
    def writing_for(self, shop_of: Callable[[Session], str]) -> Iterator[Session]:
        """`writing(shop_id)` for a shop that only a row knows."""
        with self._transaction() as session:
            shop_id = shop_of(session)
            session.expire_all()  # who held the lock may have changed what was just read
            lock(connection_of(session), shop_id)
            yield session

    @contextmanager
    def marking(self) -> Iterator[Session]:
        """A transaction that waits for nobody on PostgreSQL: for single statements that are safe by themselves."""
        with self._transaction() as session:
            yield session

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether nobody else does this now, on any machine; then nobody begins to until the block ends.

        Only PostgreSQL knows: an SQLite file has one engine, whose loops are one each.
        """
        if self.engine.dialect.name == "sqlite":
            yield True
            return
        with self._transaction() as session:
            mine = select(func.pg_try_advisory_xact_lock(_NAMED, func.hashtext(name)))
            yield bool(session.execute(mine).scalar_one())

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with self._turn(), self.engine.begin() as own, Session(own, expire_on_commit=False) as session:
                yield session
                session.commit()  # flushes; what commits is the connection, so that no objects cost nothing
        except (DBAPIError, PoolTimeout) as error:
            if not is_outage(error):
                raise
            self._met_trouble()
            raise _busy(error) from error

    def _met_trouble(self) -> None:
        self.in_trouble = True

    def _turn(self, *, first: bool = False) -> AbstractContextManager[None]:
        return self._turns.take(first=first) if self._turns else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that takes no write lock and is rolled back."""
        try:
            with self.engine.connect().execution_options(**self._steady) as connection, Session(connection) as session:
                yield session
        except (DBAPIError, PoolTimeout) as error:
            if not is_outage(error):
                raise
            raise _busy(error) from error

    @property
    def _steady(self) -> dict[str, Any]:
        return _STEADY if self.engine.dialect.name == "postgresql" else {"reading": True}

    def scrub(self) -> bool:
        """Let go of the journal, where deleted values still stand; PostgreSQL sees to that by itself.

        Whether it went: somebody who reads keeps it, and is not waited for, since nobody could write meanwhile.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self._turn(), closing(self.engine.raw_connection()) as connection:
            asking = connection.cursor()
            asking.execute("PRAGMA busy_timeout=0")
            try:
                [busy, *_] = asking.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                asking.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
        return not busy

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _busy(error: Exception) -> Temporary:
    return Temporary("database_busy", why=words(error))


def _engine(url: str) -> Engine:
    """`Misconfigured("bad_database")` for a URL that is none of ours, or whose driver is not installed."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))  # as hosters write it
        if parsed.get_backend_name() == "sqlite":
            return _as_contracted(create_engine(parsed, hide_parameters=True, **_POOL))
        if parsed.get_backend_name() == "postgresql":
            return _postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise Misconfigured("bad_database", why="sqlite:///postventa.db, postgresql://user@host/name") from error
    except ModuleNotFoundError as error:
        raise Misconfigured("no_database_driver", module=error.name) from error
    raise Misconfigured("bad_database", why="sqlite:///postventa.db, postgresql://user@host/name")


def _postgresql(url: URL) -> Engine:
    """A pool that notices a restarted server, and connections that wait for a lock as long as SQLite would."""
    asked = " ".join(f"-c {name}={value}" for name, value in _SERVER.items())
    options = {"connect_timeout": 5, "application_name": "postventa", "options": asked} | _VANISHED
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), hide_parameters=True, **_POOL,
        connect_args={name: value for name, value in options.items() if name not in url.query},
    )  # fmt: skip
    return _let_go_where_nothing_is_kept(_asked_after_a_rest(engine))


def _asked_after_a_rest(engine: Engine) -> Engine:
    """As `pool_pre_ping` does, but of connections that have rested: who works without a pause pays for no question."""

    @event.listens_for(engine, "checkin")
    def on_checkin(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def on_checkout(connection: Any, record: Any, _fairy: object) -> None:
        since = record.info.get("rests_since")
        if since is not None and time.monotonic() - since > FRESH_SECONDS and not _lives(engine, connection):
            raise InvalidatePoolError  # the pool lets go of all that are as old, and connects anew

    return engine


def _let_go_where_nothing_is_kept(engine: Engine) -> Engine:
    """A server that takes no changes is in trouble, and connections to it are not kept.

    Hosters make one read-only when its disk is nearly full, others when another server takes its place; a connection
    that is there already may stay so for good.
    """

    @event.listens_for(engine, "handle_error", retval=True)
    def on_error(context: ExceptionContext) -> Exception | None:
        read_only = getattr(context.original_exception, "sqlstate", "") == READ_ONLY
        own = context.connection.get_execution_options() if context.connection else {}
        if not read_only or own.get("postgresql_readonly"):
            return None
        context.is_disconnect = True
        return OperationalError(context.statement, None, context.original_exception, hide_parameters=True)

    return engine


def _lives(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False


def connection_of(session: Session) -> Connection:
    """What a session of ours stands on, for statements that need no objects: same transaction, a third of the cost."""
    return cast("Connection", session.get_bind())


def lock(connection: Connection, shop_id: str = "") -> None:
    """Wait for the write lock: all of the installation, or a share of it and all of one shop."""
    if connection.dialect.name == "sqlite":
        return  # BEGIN IMMEDIATE has it
    if shop_id:
        connection.execute(_OF_A_SHOP, {"shop": shop_id})
    else:
        connection.execute(select(func.pg_advisory_xact_lock(_INSTALLATION)))


def shares(session: Session) -> bool:
    """Whether nobody has all of the installation for himself now, so that those of single shops can be had."""
    return bool(session.execute(select(func.pg_try_advisory_xact_lock_shared(_INSTALLATION))).scalar_one())


def lock_named(session: Session, name: str) -> None:
    """Wait for what all shops share, beside the lock of one of them, until the transaction ends."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(_NAMED, func.hashtext(name))))


def _as_contracted(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # sqlite3's own BEGIN is deferred and loses updates silently
        limits = (f"busy_timeout={_BUSY_SECONDS * 1000}", f"cache_size=-{_CACHE_KB}")
        # What is deleted is overwritten, so that nobody erased is found in the file's bytes.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", *limits):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
