"""`labels`: upload labels that a carrier issued, for the carrier `prepaid`."""

from __future__ import annotations

from pathlib import Path

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import say
from integration.db.queries import labels as rows
from integration.db.queries import shops
from integration.flows import labels, machine


@postventa.group("labels", help=helped("labels"))
def labels_group() -> None:
    """Return labels."""


@labels_group.command("add", help=helped("labels_add"))
@config_option
@click.argument("shop_name", metavar="SHOP")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def add(config_path: Path, shop_name: str, files: tuple[Path, ...]) -> None:
    """Each PDF is handed out once."""
    with services_at(config_path) as services, services.db.writing() as session:
        shop = shops.shop_by_name(session, shop_name)
        machine.room(services)
        for file in files:
            labels.add_stock(session, shop, file.read_bytes(), file.name, services.clock())
        session.flush()
        left = rows.stock_left(session, shop.id)
    say("labels.added", n=len(files), left=left)
