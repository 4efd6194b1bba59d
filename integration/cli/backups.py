"""`backup`, `restore`, `upgrade`, `copy-database`: copies of everything, back, forward, and to another database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from integration import logs
from integration.app import checkpoint_of, open_database, open_vault
from integration.cli.commands import config_option, helped, in_use, postventa, settings_at
from integration.cli.terminal import say, words
from integration.clock import system_clock
from integration.flows import backups, moving, restoring, upgrading


@postventa.command(help=helped("backup"))
@config_option
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help=helped("backup_to"))
def backup(config_path: Path, to: Path | None) -> None:
    """While the service runs."""
    settings = settings_at(config_path)
    logs.start(settings.log, quiet=True)
    vault = open_vault(settings)
    with in_use(settings):
        db = open_database(settings)
        try:
            made = backups.make(settings, db, vault, system_clock(), to, checkpoint=checkpoint_of(settings))
        finally:
            db.close()
    say("backup.done", file=made, keep=settings.backup.keep)


@postventa.command(help=helped("restore"))
@config_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help=helped("restore_force"))
def restore(config_path: Path, file: Path, force: bool) -> None:
    """With the service stopped."""
    settings = settings_at(config_path)
    logs.start(settings.log, quiet=True)
    done = restoring.restore(settings, open_vault(settings), file, system_clock(), force=force)
    say("restore.done", at=f"{done.made_at:%Y-%m-%d %H:%M} UTC")
    if done.aside:
        say("restore.aside", file=done.aside)
    if done.erased:
        say("restore.erased", n=done.erased)
    if done.in_doubt:
        say("restore.in_doubt", n=done.in_doubt)


@postventa.command(help=helped("upgrade"))
@config_option
@click.option("--no-backup", is_flag=True, help=helped("no_backup"))
def upgrade(config_path: Path, no_backup: bool) -> None:
    """Any start does the same; this says the way back."""
    settings = settings_at(config_path)
    logs.start(settings.log, quiet=True)
    vault = open_vault(settings)
    with in_use(settings):
        db = open_database(settings)
        try:
            done = upgrading.bring_up(
                settings, db, vault, system_clock(), backup=not no_backup, checkpoint=checkpoint_of(settings)
            )
        finally:
            db.close()
    if done is None:
        say("upgrade.nothing")
        return
    say("upgrade.done", before=done.before, after=done.after)
    if done.backup:
        say("upgrade.way_back", file=done.backup)


@postventa.command("copy-database", help=helped("copy_database"))
@config_option
@click.argument("source")
@click.argument("target")
def copy_database(config_path: Path, source: str, target: str) -> None:
    """With the service stopped, either way between SQLite and PostgreSQL."""
    logs.start(settings_at(config_path).log, quiet=True)
    with (
        moving.opened(source, target) as (there, here),
        click.progressbar(length=moving.size(there), label=words("cli.copy.bar"), file=sys.stderr) as bar,
    ):
        counts = moving.copy(there, here, bar.update)
    say("copy.done", n=sum(counts.values()), tables=len(counts))
