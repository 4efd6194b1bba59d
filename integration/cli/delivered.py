"""`shops delivered`: how the store's orders of late propose to count a delivery, and the owner's yes to it."""

from __future__ import annotations

from pathlib import Path

import click

from integration.cli.commands import config_option, helped, services_at
from integration.cli.terminal import say
from integration.cli.usage import Command
from integration.db.queries import shops as rows
from integration.flows import delivered as flow
from integration.flows.services import Services


@click.command("delivered", cls=Command, help=helped("shops_delivered"))
@config_option
@click.argument("name", metavar="SHOP")
@click.option("--take", is_flag=True, help=helped("take"))
def delivered(config_path: Path, name: str, take: bool) -> None:
    """Count the orders by status and say what is proposed; with `--take` it is the policy."""
    with services_at(config_path) as services:
        if take:
            with services.db.reading() as session:
                shop_id = rows.shop_by_name(session, name).id
            flow.take(services, shop_id)
        tell(services, name)


def tell(services: Services, name: str) -> None:
    """The counts, and what is proposed; raises what the store's connector raises."""
    with services.db.reading() as session:
        shop_id = rows.shop_by_name(session, name).id
    found = flow.proposal(services, shop_id)
    if not found.counts:
        say("shops.by_parcels", shop=name)
        return
    told = [f"{status} {n}" for status, n in found.counts.items() if n or status == "delivered"]
    say("shops.counted", days=found.days, counts=", ".join(told))
    say("shops.taken" if found.taken else "shops.proposed", triggers=", ".join(found.spelled), shop=name)
