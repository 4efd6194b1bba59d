"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.cli import main, terminal
from integration.cli.shops import toml
from integration.clock import system_clock
from integration.i18n import Words
from tests.flows.house import House


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


Postventa = Callable[..., Ended]


@pytest.fixture
def postventa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Postventa:
    """`postventa("shops", "list")`, run in an empty folder; errors are said in `language`."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, language: str = "en") -> Ended:
        monkeypatch.setattr(sys, "argv", ["postventa", *words])
        for module in ("terminal", "usage"):
            monkeypatch.setattr(f"integration.cli.{module}.words", Words(language))
        with pytest.raises(SystemExit) as ending:
            main()
        printed = capsys.readouterr()
        assert terminal.words.language == language
        return Ended(int(ending.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def installed(postventa: Postventa, tmp_path: Path) -> Path:
    """A folder with a config that can send, and its key."""
    assert postventa("init").code == 0
    config = tmp_path / "config.toml"
    text = config.read_text("utf-8").replace('from = ""', 'from = "Mia <mia@shop.example>"')
    config.write_text(text.replace('reply_to = ""', 'reply_to = "mia@shop.example"'), "utf-8")
    return tmp_path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Mia's WooCommerce shop, connected and alive, with its config in the folder where the commands run."""
    made = House(tmp_path, system_clock)  # type: ignore[arg-type]
    configure(made)
    yield made
    made.close()


def configure(house: House, **policy: object) -> None:
    """Write the house's config.toml, with other policy values if any."""
    (house.folder / "config.toml").write_text(toml(house.config(**policy)), "utf-8")
