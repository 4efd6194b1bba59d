"""`postventa init`: a config and a key, ready to edit."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from integration.cli.commands import config_option, helped, postventa
from integration.cli.terminal import say
from integration.domain.errors import Conflict
from integration.vault import write_key_file


@postventa.command(help=helped("init"))
@config_option
def init(config_path: Path) -> None:
    """Write config.toml and postventa.key, both 0600; never over an existing one."""
    key_path = config_path.parent / "postventa.key"
    for path in (config_path, key_path):
        if path.exists():
            raise Conflict("file_exists", file=path.name)
    example = files("integration").joinpath("config.example.toml").read_text("utf-8")
    write_private(config_path, example)
    write_key_file(key_path)
    say("init.done", config=config_path.name, key_file=key_path.name)


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
