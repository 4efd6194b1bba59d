"""`keys`: list our own keys, and add a new one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import print_json, say
from integration.flows import keys as flow


@postventa.group("keys", help=helped("keys"))
def keys_group() -> None:
    """Our own keys."""


@keys_group.command("list", help=helped("keys_list"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def list_keys(config_path: Path, as_json: bool) -> None:
    """Oldest first; never the keys themselves."""
    with services_at(config_path) as services:
        found = flow.known(services)
    if as_json:
        print_json([asdict(key) for key in found])
        return
    for key in found:
        say("keys.newest" if key.newest else "keys.older", id=key.id, sealed=key.sealed, links=key.links)


@keys_group.command("rotate", help=helped("keys_rotate"))
@config_option
def rotate(config_path: Path) -> None:
    """While the service runs."""
    with services_at(config_path) as services:
        key, changed = flow.rotate(services)
        file = services.settings.keys.file
    say("keys.rotated", id=key, n=changed, file=file)
