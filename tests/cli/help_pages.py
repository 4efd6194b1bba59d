"""Prints every command's help as JSON, as the terminal's language has it; run in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from integration.cli.commands import postventa


def all_below(group: click.Group, context: click.Context) -> dict[str, click.Command]:
    """The commands of a group, which reads their files when it is asked for them."""
    found = ((name, group.get_command(context, name)) for name in group.list_commands(context))
    return {name: command for name, command in found if command}


def commands(command: click.Command, parent: click.Context | None, name: str) -> Iterator[dict[str, Any]]:
    """The command and all below it."""
    context = command.context_class(command, parent=parent, info_name=name)
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    below = all_below(command, context) if isinstance(command, click.Group) else {}
    yield {
        "name": context.command_path,
        "group": bool(below),
        "help": command.help,
        "page": command.get_help(context),
        "options": {max(one.opts, key=len): one.help for one in options},
        "arguments": [one.make_metavar(context) for one in command.params if isinstance(one, click.Argument)],
    }
    for sub_name, sub in below.items():
        yield from commands(sub, context, sub_name)


if __name__ == "__main__":
    print(json.dumps(list(commands(postventa, None, "postventa"))))
