"""`live-check`: what could not be tried without a real shop, tried on the owner's own, and kept without secrets."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from connectors.observed import Observed
from integration import __version__
from integration.cli import terminal
from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import say
from integration.db.queries import shops as rows
from integration.domain.errors import Misconfigured
from integration.files import replacing
from integration.flows import live_check
from integration.flows.services import Services
from integration.redaction import redact

SIGNS = {"ok": "✓", "differs": "≠", "could_not": "?"}


@postventa.command("live-check", help=helped("live_check"))
@config_option
@click.argument("name", metavar="[SHOP]", default="")
@click.option("--with-code", is_flag=True, help=helped("live_check_code"))
def live(config_path: Path, name: str, with_code: bool) -> None:
    """One line per look; exit 1 if anything differs from what we know."""
    found: list[Observed] = []
    with services_at(config_path) as services:
        shop, platform = _chosen(services, name)
        for one in live_check.run(services, shop, time.sleep, with_code=with_code):
            found.append(one)
            print(_line(one))
        now = services.clock()
    file = config_path.absolute().parent / f"live-check-{platform}-{now:%Y%m%d-%H%M%S}.json"
    told = {"postventa": __version__, "platform": platform, "at": now.isoformat(timespec="minutes")}
    with replacing(file) as kept:
        kept.write(json.dumps(told | {"with_code": with_code, "seen": _bare(found)}, indent=1).encode())
    counts = Counter(one.verdict for one in found)
    say("live.kept", ok=counts["ok"], differs=counts["differs"], could_not=counts["could_not"], file=file.name)
    if counts["differs"]:
        raise SystemExit(1)


def _chosen(services: Services, name: str) -> tuple[str, str]:
    """Name and platform; the only shop where none is named."""
    with services.db.reading() as session:
        shops = [rows.shop_by_name(session, name)] if name else list(rows.all_shops(session))
        if len(shops) != 1:
            raise Misconfigured("option_missing", option="SHOP")
        return shops[0].name, rows.connection_of(session, shops[0]).platform


def _line(one: Observed) -> str:
    words = terminal.words
    title = words(f"live.{one.code}") if words.has(f"live.{one.code}") else one.code
    told = ", ".join(f"{name}: {value}" for name, value in one.values.items() if value)
    return f"{SIGNS[one.verdict]} {title}" + (f" ({told})" if told else "")


def _bare(found: Sequence[Observed]) -> list[dict[str, Any]]:
    """As JSON; the values hold no person and no secret anyway, and are looked through once more."""
    return [
        {"look": one.code, "verdict": one.verdict, "values": {name: redact(text) for name, text in one.values.items()}}
        for one in found
    ]
