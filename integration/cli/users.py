"""`users`: who may sit at the desk."""

from __future__ import annotations

from pathlib import Path

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import say, table, words
from integration.flows import accounts, people_list
from integration.flows.accounts import ROLES


@postventa.group("users", help=helped("users"))
def users_group() -> None:
    """People of the desk."""


@users_group.command("invite", help=helped("users_invite"))
@config_option
@click.option("--role", type=click.Choice(ROLES), default="owner", show_default=True, help=helped("users_role"))
@click.option("--shop", "names", multiple=True, metavar="SHOP", help=helped("users_shop"))
def invite(config_path: Path, role: str, names: tuple[str, ...]) -> None:
    """A link that makes one account."""
    with services_at(config_path) as services, services.db.writing() as session:
        link = accounts.invite(session, services, role, names)
    say("users.link", link=link)


@users_group.command("reset", help=helped("users_reset"))
@config_option
@click.argument("email")
def reset(config_path: Path, email: str) -> None:
    """A link that sets a new password."""
    with services_at(config_path) as services:
        say("users.link", link=accounts.reset_link(services, email))


@users_group.command("list", help=helped("users_list"))
@config_option
def list_users(config_path: Path) -> None:
    """Everybody, with role and shops."""
    with services_at(config_path) as services:
        found = people_list.listed(services)
    table([(one.email, one.name, one.role, ", ".join(one.shops) or "*", _state(one)) for one in found])


def _state(one: people_list.Colleague) -> str:
    return words("cli.users.disabled") if one.disabled else ""


@users_group.command("disable", help=helped("users_disable"))
@config_option
@click.argument("email")
def disable(config_path: Path, email: str) -> None:
    """Shut somebody out at once."""
    with services_at(config_path) as services:
        accounts.disable(services, email)
    say("users.shut_out", email=email)
