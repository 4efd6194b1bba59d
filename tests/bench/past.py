"""A house with a past: one real order of each kind, copied through the years by SQL on either engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import DateTime, Table, text

from integration.db import exports
from integration.db.tables import ComplaintRow
from integration.flows import cases
from tests.conftest import StandingClock, migrate
from tests.flows.house import House
from tests.postgres import running

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
YEARS = timedelta(days=730)
ORIGIN = NOW - timedelta(days=20_000)  # before every copy, and out of every window
KINDS = {"complained": "n % 25 = 0", "answered": "n % 25 <> 0 AND n % 8 = 0", "plain": "n % 25 <> 0 AND n % 8 <> 0"}
"""One in 25 complains, is given a code and closed; every eighth answers; each with the mails, tasks and history."""
FEW = frozenset(
    """accounts attempts connections cursors invitations joinings paces pauses pings policies sessions shops
    stock_labels suppressions""".split()
)
"""The tables that do not grow with the orders."""
OWN = frozenset(
    """id key ref subject reference delivery_key order_ref message_id token_digest code identity number""".split()
)
SHARED = frozenset(("shop_id", "connection_id", "key_id"))
BORN = ("created_at", "received_at", "opened_at", "answered_at", "reserved_at", "state_at", "at")
"""When a row came to be: one of these, and no row of tomorrow."""
LATELY = (
    "UPDATE followups SET state = 'planned' WHERE due_at > :now",
    "UPDATE tasks SET state = 'ready', done_at = NULL WHERE done_at > :now",
    "UPDATE complaints SET state = 'in_progress', closed_at = NULL WHERE closed_at > :now",
    "UPDATE mails SET state = 'queued', sent_at = NULL WHERE created_at > :hour AND kind = 'survey'",
    "UPDATE tasks SET state = 'dead', reason = 'mail_refused' WHERE id IN (SELECT t.id FROM tasks t JOIN mails m "
    "ON m.id = t.subject WHERE m.created_at > :month AND t.kind = 'SendMail' AND m.kind = 'survey' LIMIT 200)",
)
"""What is not over yet: follow-ups and tasks of days to come, cases of two days, mails of an hour, 200 that stopped."""


@contextmanager
def house_on(engine: str) -> Iterator[House]:
    """A house of its own on `sqlite` or `postgresql`, with nothing in it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url = f"sqlite:///{folder}/postventa.db"
        if engine == "postgresql":
            postgres = stack.enter_context(running())
            url = postgres.url(postgres.database())
        migrate(url)
        house = House(folder, StandingClock(ORIGIN), "woocommerce", url)
        stack.callback(house.close)
        yield house


def fill(house: House, orders: int, span: timedelta, shops: int = 1) -> None:
    """As many delivered orders as if they had come evenly over the span until now, shared out over the shops."""
    filling = Filling(house, orders, span, shops)
    filling.seed()
    filling.copy()
    house.clock.now = NOW


class Filling:
    """Makes the first orders by the flows, and all the others out of their rows."""

    def __init__(self, house: House, orders: int, span: timedelta, shops: int) -> None:
        self._house, self._orders, self._span, self._shops = house, orders, span, shops
        self._sqlite = house.services.db.engine.dialect.name == "sqlite"
        self._begun = dict[str, datetime]()
        self._tables = [table for table in exports.models()[0].metadata.sorted_tables if table.name not in FEW]

    def seed(self) -> None:
        """One order of each kind, with all that it leaves, in tables beside ours."""
        self._run(*(f"CREATE TABLE seed_{table} AS SELECT t.*, '' AS seed FROM {table} t" for table in self._tables))
        for kind in KINDS:
            self._begun[kind] = self._house.clock.now
            _LIVES[kind](self._house)
            for table in self._tables:
                first = table.primary_key.columns[0].name
                new = f"t.{first} NOT IN (SELECT {first} FROM seed_{table})"
                self._run(f"INSERT INTO seed_{table} SELECT t.*, '{kind}' FROM {table} t WHERE {new}")
            self._house.clock.advance(days=1)
        self._run("UPDATE seed_labels SET pdf = NULL", f"UPDATE seed_receipts SET body = {self._empty}")

    @property
    def _empty(self) -> str:
        return "x''" if self._sqlite else "''"

    def _run(self, *statements: str) -> None:
        with self._house.services.db.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def copy(self) -> None:
        """The rows of the seeds once for each number of their kind, without indexes; then these at once."""
        statements = [*self._numbers(), *self._other_shops()]
        for table in self._tables:
            statements += [self._copied(table), f"DROP TABLE seed_{table}"]
        statements += [self._lately(statement) for statement in LATELY]
        (self._on_sqlite if self._sqlite else self._on_postgresql)([*statements, "DROP TABLE seed_numbers"])

    def _numbers(self) -> Iterator[str]:
        """Each order's number, the end of its names, its kind, its shop, and how many seconds after its seed it is."""
        digits = "printf('%09d', n)" if self._sqlite else "lpad(CAST(n AS TEXT), 9, '0')"
        kinds = " ".join(f"WHEN {condition} THEN '{kind}'" for kind, condition in KINDS.items())
        begun = {kind: (NOW - self._span - at).total_seconds() for kind, at in self._begun.items()}
        first = " ".join(f"WHEN {condition} THEN {begun[kind]}" for kind, condition in KINDS.items())
        step = self._span.total_seconds() / self._orders
        yield (
            f"CREATE TABLE seed_numbers AS WITH RECURSIVE every(n) AS (SELECT CAST(1 AS BIGINT) "
            f"UNION ALL SELECT n + 1 FROM every WHERE n < {self._orders}) "
            f"SELECT n, '-' || {digits} AS name, CASE {kinds} END AS kind, "
            f"CASE WHEN n % {self._shops} = 0 THEN '' ELSE '-' || CAST(n % {self._shops} AS TEXT) END AS shop, "
            f"CASE {first} END + n * {step} AS seconds FROM every"
        )

    def _other_shops(self) -> Iterator[str]:
        for number in range(1, self._shops):
            for table in ("connections", "shops"):
                columns = [column.name for column in exports.models()[0].metadata.tables[table].columns]
                ends = {"id", "key", "name", "connection_id"}
                values = ", ".join(f"{name} || '-{number}'" if name in ends else name for name in columns)
                first = f"FROM {table} WHERE id NOT LIKE '%-%'"
                yield f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} {first}"

    def _copied(self, table: Table) -> str:
        made = {f'"{column.name}"': self._value(table, column.name) for column in table.columns}
        if table.name == "history":
            del made['"id"']
        return (
            f"INSERT INTO {table} ({', '.join(made)}) SELECT {', '.join(made.values())} "
            f"FROM seed_numbers n JOIN seed_{table} t ON t.seed = n.kind WHERE {self._born(table)} "
            f"ORDER BY n.n, t.{table.primary_key.columns[0].name}"
        )

    def _born(self, table: Table) -> str:
        born = next((name for name in BORN if name in table.columns), "")
        return f"{self._later('t.' + born)} <= {_moment(NOW)}" if born else "1 = 1"

    def _value(self, table: Table, name: str) -> str:
        column = f't."{name}"'
        if name == "shop_id":
            return f"{column} || n.shop"
        if name == "customer_key":
            return f"'who' || CAST(n.n * n.n * 48271 % 2147483647 % {max(self._orders * 6 // 10, 1)} AS TEXT)"
        if name == "number" and table.name == "orders":
            return "CAST(n.n AS TEXT)"
        if name in OWN or (name.endswith("_id") and name not in SHARED):
            return f"{column} || n.name"
        if isinstance(getattr(table.columns[name].type, "impl", None), DateTime):
            return self._later(column)
        return column

    def _later(self, column: str) -> str:
        if self._sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f', {column}, n.seconds || ' seconds') || '000'"
        return f"{column} + n.seconds * interval '1 second'"

    def _lately(self, statement: str) -> str:
        for name, hours in {"now": 0, "hour": 1, "month": 720}.items():
            statement = statement.replace(f":{name}", _moment(NOW - timedelta(hours=hours)))
        return statement

    def _on_sqlite(self, statements: list[str]) -> None:
        path = self._house.database.removeprefix("sqlite:///")
        self._house.services.db.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000", "secure_delete=OFF"):
                connection.execute(f"PRAGMA {pragma}")
            of_ours = "type = 'index' AND sql IS NOT NULL AND name NOT LIKE 'seed%'"
            indexes = connection.execute(f"SELECT name, sql FROM sqlite_master WHERE {of_ours}").fetchall()
            drops, makes = [f'DROP INDEX "{name}"' for name, _ in indexes], [sql for _, sql in indexes]
            for statement in (*drops, *statements, *makes):
                connection.execute(statement)
            connection.execute("PRAGMA journal_mode=WAL")

    def _on_postgresql(self, statements: list[str]) -> None:
        made = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix\\_%'"
        with self._house.services.db.engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))  # no triggers, no foreign keys
            connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            indexes = connection.execute(text(made)).all()
            drops, makes = [f'DROP INDEX "{name}"' for name, _ in indexes], [sql for _, sql in indexes]
            for statement in (*drops, *statements, *makes):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            connection.execute(text("SET session_replication_role = DEFAULT"))
        with self._house.services.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _moment(at: datetime) -> str:
    return f"'{at:%Y-%m-%d %H:%M:%S.000000}'"


def _plain(house: House) -> None:
    house.deliver(email=f"{house.clock.now:%j}@example.com")
    _days(house, 40)


def _answered(house: House) -> None:
    house.deliver(email=f"{house.clock.now:%j}@example.com")
    house.clock.advance(hours=20)
    assert house.answer(5).status_code < 400
    _days(house, 40)


def _complained(house: House) -> None:
    house.deliver(email=f"{house.clock.now:%j}@example.com")
    house.clock.advance(hours=20)
    assert house.answer(1, "damaged", "La caja llegó rota").status_code < 400
    _days(house, 2)
    [case] = house.rows(ComplaintRow)
    with house.services.db.writing() as session:
        session.add(case)
        cases.do(session, house.services, case, {"action": "close"}, house.clock.now)
    _days(house, 40)


def _days(house: House, days: int) -> None:
    for _ in range(days):
        house.run()
        house.clock.advance(days=1)
    house.run()


_LIVES: dict[str, Callable[[House], None]] = {"plain": _plain, "answered": _answered, "complained": _complained}
