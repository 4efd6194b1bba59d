"""The `postventa` command; exit 0 ok, 1 failed, 2 the command or the settings are wrong."""

from __future__ import annotations

import os
import sys

from integration.collector import reading_code

with reading_code():
    import click

    from integration.cli import usage
    from integration.cli.commands import postventa
    from integration.cli.terminal import say_error, words
    from integration.domain.errors import Misconfigured, PostventaError


def main() -> None:
    """Entry point: every error becomes one sentence that names the wrong thing and the remedy."""
    os.umask(0o077)  # database, mails and exports hold personal data: nobody else on this machine reads them
    try:
        sys.exit(postventa.main(prog_name="postventa", standalone_mode=False))
    except PostventaError as error:
        say_error(error)
        sys.exit(2 if isinstance(error, Misconfigured) else 1)
    except click.UsageError as error:
        print(usage.told(error), file=sys.stderr)
        sys.exit(2)
    except click.Abort:
        print(words("cli.usage.stopped"), file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # whoever read our lines has had enough; Python would complain once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
