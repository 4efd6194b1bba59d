"""The `postventa` command; exit 0 ok, 1 failed, 2 the command or the settings are wrong."""

from __future__ import annotations

import sys
from importlib import import_module

from integration.cli.commands import postventa
from integration.cli.terminal import say_error
from integration.domain.errors import Misconfigured, PostventaError

for _name in ("cases", "demo", "exporting", "labels", "mails", "running", "setup", "shops"):
    import_module(f"integration.cli.{_name}")  # each adds its commands to the group


def main() -> None:
    """Entry point: every error becomes one sentence that names the wrong thing and the remedy."""
    try:
        postventa()
    except PostventaError as error:
        say_error(error)
        sys.exit(2 if isinstance(error, Misconfigured) else 1)
