"""An installation that must not be served is refused with one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from integration.db import places
from integration.vault import new_key_line
from tests.cli.conftest import Postventa
from tests.flows.house import House

Spoil = Callable[[Path, pytest.MonkeyPatch], None]


def newer_database(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    """A later version has been here."""
    engine = create_engine(f"sqlite:///{folder}/postventa.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()


def wrong_key(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    """The key file of another installation."""
    (folder / "postventa.key").write_text(new_key_line(1) + "\n", "utf-8")


def network_disk(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """The folder is another machine's."""
    mounts = folder / "mounts"
    mounts.write_text(f"nas:/x {folder} nfs4 rw 0 0\n", "utf-8")
    patch.setattr(places, "MOUNTS", mounts)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (newer_database, "newer version of Postventa (9999). Install that version or go back to your back"),
        (wrong_key, "does not open the saved data. Put back the key file that it was saved with."),
        (network_disk, "is on a network disk (nfs4), where SQLite loses data. Put it on a disk of this machine"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("work", "--until-idle"), ("shops", "list")], ids=str)
def test_it_is_not_begun_and_says_what_to_do(
    house: House, postventa: Postventa, monkeypatch: pytest.MonkeyPatch, spoil: Spoil, sentence: str,
    command: tuple[str, ...],
) -> None:  # fmt: skip
    spoil(house.folder, monkeypatch)
    ended = postventa(*command)
    assert (ended.code, ended.out) == (2, ""), ended.err
    [line] = ended.err.strip().splitlines()
    assert sentence in line
