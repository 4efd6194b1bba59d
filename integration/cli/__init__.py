"""The `postventa` command; exit 0 ok, 1 failed, 2 the command or the settings are wrong."""

from __future__ import annotations

import sys

from integration.cli.commands import postventa
from integration.cli.terminal import say_error
from integration.domain.errors import Misconfigured, PostventaError

# A command is a sub-module that adds itself to the group.
from integration.cli import cases, demo, exporting, labels, mails, running, setup, shops  # noqa: F401  isort:skip


def main() -> None:
    """Entry point: every error becomes one sentence that names the wrong thing and the remedy."""
    try:
        postventa()
    except PostventaError as error:
        say_error(error)
        sys.exit(2 if isinstance(error, Misconfigured) else 1)
