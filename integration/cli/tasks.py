"""`tasks`: work that stopped: why, once more, or let go; the same as at the desk."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import print_json, reason_words, say, table
from integration.db.queries import shops
from integration.flows import stops
from integration.flows.accounts import Person
from integration.flows.services import Services


@postventa.group("tasks", help=helped("tasks"))
def tasks_group() -> None:
    """Work that stopped."""


@tasks_group.command("list", help=helped("tasks_list"))
@config_option
@click.option("--state", type=click.Choice(["dead", "ambiguous"]), help=helped("state"))
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def list_tasks(config_path: Path, state: str | None, as_json: bool) -> None:
    """The newest first."""
    with services_at(config_path) as services:
        found = [one for one in stops.listed(services, _whoever(services)) if state in (None, _state(one))]
    if as_json:
        print_json([asdict(one) | {"words": reason_words(one.reason)} for one in found])
    elif found:
        table([_row(one) for one in found])
    else:
        say("tasks.none")


@tasks_group.command("retry", help=helped("tasks_retry"))
@config_option
@click.argument("ids", metavar="ID", nargs=-1, required=True)
def retry(config_path: Path, ids: tuple[str, ...]) -> None:
    """Now, as if for the first time."""
    with services_at(config_path) as services:
        for task_id in ids:
            stops.retry(services, _whoever(services), task_id)
    say("tasks.retried", n=len(ids))


@tasks_group.command("discard", help=helped("tasks_discard"))
@config_option
@click.argument("ids", metavar="ID", nargs=-1, required=True)
def discard(config_path: Path, ids: tuple[str, ...]) -> None:
    """Never again."""
    with services_at(config_path) as services:
        for task_id in ids:
            stops.discard(services, _whoever(services), task_id)
    say("tasks.discarded", n=len(ids))


def _whoever(services: Services) -> Person:
    """Whoever is at the console sees every shop."""
    with services.db.reading() as session:
        ids = tuple(shop.id for shop in shops.all_shops(session))
    return Person(id="", name="", email="", role="owner", shops=ids, locale="", zone="UTC")


def _state(one: stops.Stop) -> str:
    return "ambiguous" if one.unsure else "dead"


def _row(one: stops.Stop) -> tuple[str, ...]:
    what = f"{one.kind} {one.mail}".strip()
    return one.id, _state(one), what, one.shop, one.order, f"{one.at:%Y-%m-%d %H:%MZ}", reason_words(one.reason)
