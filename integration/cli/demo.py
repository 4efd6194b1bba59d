"""`postventa demo`: see it work before connecting anything."""

from __future__ import annotations

import signal
import sys
import threading

import click

from integration import logs
from integration.cli.commands import config_option, helped, postventa
from integration.cli.terminal import say, words
from integration.settings import Log


@postventa.command(help=helped("demo"))
@config_option
@click.option("--check", is_flag=True, help=helped("demo_check"))
@click.option("--port", type=int, default=8000, show_default=True, help=helped("port"))
def demo(config_path: object, check: bool, port: int) -> None:
    """Sample shops, mailbox, timeline on loopback; `--check` runs the line unattended."""
    del config_path  # the demo brings its own; the option is there because every command has it
    from integration.demo.check import run, world  # noqa: PLC0415  the store servers are not loaded for other commands

    logs.start(Log(level="warning", format="plain"))
    if check:
        sys.exit(0 if run(words) else 1)
    with world(port) as here:
        here.seed()
        say("demo.ready", url=f"{here.url}/demo/")
        sys.stdout.flush()
        leaving = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: leaving.set())
        leaving.wait()
