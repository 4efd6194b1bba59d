"""The command group and what every command needs: the config, the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from integration import __version__, logs
from integration.app import build_services
from integration.cli.terminal import words
from integration.cli.usage import Group
from integration.collector import reading_code
from integration.db import places
from integration.domain.errors import Conflict
from integration.files import held, work_as_owner
from integration.flows.services import Services
from integration.settings import Settings, load

Command = TypeVar("Command", bound=Callable[..., Any])


def helped(name: str) -> str:
    """The help text of a command or option in the terminal's language."""
    return words(f"cli.help.{name}")


FILES = {
    "backfill": "reading", "backup": "backups", "complaints": "cases", "copy-database": "backups", "demo": "demo",
    "doctor": "exporting", "export": "exporting", "init": "setup", "keys": "keys", "labels": "labels",
    "live-check": "live", "mails": "mails", "policy": "shops", "print": "printing", "privacy": "people",
    "reconcile": "reading", "replay": "exporting", "restore": "backups", "serve": "running", "shops": "shops",
    "tasks": "tasks", "try": "trying", "upgrade": "backups", "users": "users", "work": "running",
}  # fmt: skip
"""Which file of this folder has a command."""


class _Commands(Group):
    """Reads the file of a command when that command is asked for: `serve` need not wait for all the others."""

    group_class = Group

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All of them, in the alphabet's order."""
        return list(FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or `None` for a name that is none."""
        if cmd_name in FILES and cmd_name not in self.commands:
            with reading_code():
                import_module(f"integration.cli.{FILES[cmd_name]}")  # it adds its commands to the group
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands, help=helped("postventa"))
@click.version_option(__version__, message="%(prog)s %(version)s", help=words("cli.usage.version"))
def postventa() -> None:
    """The group itself does nothing."""


def config_option(command: Command) -> Command:
    """`--config`, default `./config.toml`, for every command."""
    option = click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        default="config.toml",
        is_eager=True,
        callback=_at_home,
        help=helped("config"),
    )
    return option(command)


def _at_home(_context: click.Context, _option: click.Parameter, config_path: Path) -> Path:
    work_as_owner(config_path)
    return config_path


def settings_at(config_path: Path) -> Settings:
    """The settings of a config file."""
    return load(config_path.absolute())


@contextmanager
def in_use(settings: Settings, *, serving: bool = False) -> Iterator[None]:
    """Keep `restore` from an SQLite file for as long as it is open, and a second `serve` from one that is served.

    `Conflict("database_in_use")`, `("already_serving")`. PostgreSQL is made for many, and knows itself who is there.
    """
    file = places.file_of(settings.database_url)
    with ExitStack() as locks:
        if file and file.parent.is_dir():
            name = {"database": file.name}
            if serving:
                locks.enter_context(held(Path(f"{file}.serve.lock"), Conflict("already_serving", **name)))
            locks.enter_context(held(Path(f"{file}.lock"), Conflict("database_in_use", **name), shared=True))
        yield


@contextmanager
def services_at(config_path: Path) -> Iterator[Services]:
    """Services for the length of a command."""
    settings = settings_at(config_path)
    logs.start(settings.log, quiet=True)
    with in_use(settings):
        services = build_services(settings)
        try:
            yield services
        finally:
            services.transport.close()
            services.db.close()
