"""A shop's whole life moves from SQLite to PostgreSQL and back: every row, or none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from integration.app import build_services
from integration.db import exports, moving, schema
from integration.db.session import Database
from integration.db.tables import HistoryRow, LabelRow, Receipt
from integration.domain.errors import Conflict, Permanent
from integration.flows import history
from integration.settings import settings_from
from integration.worker import ticks
from tests.cli.conftest import Ended, postventa
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.house.conftest import ROOT
from tests.postgres import Postgres

__all__ = ["postventa"]
Empty = Callable[[], str]


@pytest.fixture
def lived(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's shop on SQLite after a delivery, a complaint, its code, and a delivery that nobody could read."""
    house = House(tmp_path, clock)
    house.deliver(first_name="Zoë 🐦")
    house.answer(2, "damaged", "Llegó rota")
    house.run()
    headers, body = house.side.arrive(house.side.sell())
    house.post(headers, body)
    yield house
    house.close()


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[Empty]:
    """`empty()`: the URL of a new PostgreSQL database without tables."""
    with ExitStack() as stack:

        def make() -> str:
            name = postgres.database()
            stack.callback(postgres.drop, name)
            return postgres.url(name)

        yield make


def told(url: str, folder: Path) -> dict[str, Any]:
    """All that an export shows, and the bytes that it keeps back."""
    db = Database(url)
    folder.mkdir()
    exports.write(db, folder)
    with db.reading() as session:
        bytes_ = [*session.scalars(text("SELECT body FROM receipts ORDER BY id"))]
        bytes_ += [*session.scalars(text("SELECT pdf FROM labels ORDER BY id"))]
    db.close()
    files = {path.name: sorted(path.read_text("utf-8").splitlines()) for path in folder.iterdir()}
    return {**files, "bytes": [bytes(one) for one in bytes_ if one is not None]}


def copied(source: str, target: str) -> dict[str, int]:
    there, here = Database(source), Database(target)
    schema.upgrade(here.engine)
    counts = moving.copy(there, here, lambda rows: None)
    there.close()
    here.close()
    return counts


def test_everything_moves_to_postgresql_and_back(lived: House, empty: Empty, tmp_path: Path) -> None:
    middle, last = empty(), f"sqlite:///{tmp_path}/back.db"
    (tmp_path / "back.db").touch()
    counts = copied(lived.database, middle)
    assert copied(middle, last) == counts
    assert min(counts[name] for name in ("orders", "mails", "codes", "complaints", "history", "receipts")) > 0
    first = told(lived.database, tmp_path / "first")
    assert told(middle, tmp_path / "middle") == told(last, tmp_path / "last") == first
    assert len(first["bytes"]) == len(lived.rows(Receipt)) + len([row for row in lived.rows(LabelRow) if row.pdf])


def test_the_shop_goes_on_where_it_was(lived: House, empty: Empty, clock: StandingClock) -> None:
    url = empty()
    copied(lived.database, url)
    raw = lived.config() | {"database": {"url": url}}
    services = build_services(settings_from(raw, lived.folder, {}), clock=clock)
    assert {receipt.state for receipt in lived.receipts()} == {"done", "kept"}
    ticks.until_idle(services, "test:1")
    assert lived.kinds().count("label") == 2
    with services.db.writing() as session:
        history.note(session, lived.shop_id, "x", clock.now, "owner", "a", "b", "numbers go on after the copied ones")
    with services.db.reading() as session:
        assert session.scalars(text("SELECT max(id) FROM history")).one() > max(
            row.id or 0 for row in lived.rows(HistoryRow)
        )
    services.transport.close()
    services.db.close()


def test_a_database_with_anything_in_it_is_not_written_over(lived: House, empty: Empty) -> None:
    url = empty()
    copied(lived.database, url)
    full = Database(url)
    with pytest.raises(Conflict, match="copy_target_full"):
        moving.refuse_full(full)
    full.close()


@pytest.mark.parametrize(
    "trouble",
    [
        "ALTER TABLE tasks ADD CONSTRAINT none CHECK (kind = 'nothing')",
        "CREATE RULE less AS ON INSERT TO history DO INSTEAD NOTHING",
    ],
    ids=["a row that is refused", "a count that differs"],
)
def test_what_goes_wrong_undoes_everything(lived: House, empty: Empty, trouble: str) -> None:
    here, there = Database(empty()), Database(lived.database)
    schema.upgrade(here.engine)
    with here.engine.begin() as connection:
        connection.execute(text(trouble))
    with pytest.raises(Permanent, match="copy_not_done"):
        moving.copy(there, here, lambda rows: None)
    assert set(moving.count(here).values()) == {0}
    here.close()
    there.close()


Postventa = Callable[..., Ended]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder that the command runs in."""
    shutil.copy(ROOT / "config.example.toml", tmp_path / "config.toml")
    return tmp_path


def test_the_command_copies_and_says_how_much(lived: House, config: Path, empty: Empty, postventa: Postventa) -> None:
    lived.services.db.close()
    url = empty()
    ended = postventa("copy-database", lived.database, url)
    assert ended.code == 0, ended.err
    here = Database(url)
    assert f"{sum(moving.count(here).values())} rows copied" in ended.out
    here.close()
    again = postventa("copy-database", lived.database, url)
    assert (again.code, "Choose an empty one" in again.err) == (1, True)
    back = postventa("copy-database", url, f"sqlite:///{config}/back.db")
    assert back.code == 0, back.err
    assert (config / "back.db").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_copied_is_told(lived: House, config: Path, empty: Empty, postventa: Postventa) -> None:
    missing = postventa("copy-database", f"sqlite:///{config}/none.db", empty())
    assert (missing.code, "none.db" in missing.err) == (2, True)
    old = postventa("copy-database", empty(), empty())
    assert (old.code, "postventa upgrade" in old.err) == (2, True)
    used = empty()
    other = Database(used)
    with other.reading() as session:
        session.execute(text("SELECT 1"))
        held = postventa("copy-database", lived.database, used)
    assert (held.code, "Stop `postventa serve`" in held.err) == (1, True)
    other.close()
