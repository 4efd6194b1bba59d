"""`try`: the whole line once on a real order, mailed to the owner."""

from __future__ import annotations

from pathlib import Path

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import error_words, words
from integration.db.queries import shops
from integration.flows import trials


@postventa.command("try", help=helped("try"))
@config_option
@click.argument("name", metavar="SHOP")
@click.argument("order")
@click.option("--to", required=True, help=helped("try_to"))
def try_out(config_path: Path, name: str, order: str, to: str) -> None:
    """One line per step; exit 1 if a step did not happen."""
    with services_at(config_path) as services:
        with services.db.reading() as session:
            shop_id = shops.shop_by_name(session, name).id
        steps = trials.run(services, shop_id, order, to)
    for step in steps:
        why = f" {error_words(step.error)}" if step.error else ""
        print(("✓ " if step.ok else "✗ ") + words(f"desk.try_steps.{step.code}", **step.params) + why)
    if not all(step.ok for step in steps):
        raise SystemExit(1)
