"""`export`, `replay` and `doctor`: look in, act again, name what is wrong."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from integration import logs
from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import print_json, say, table, words
from integration.db import exports
from integration.db.queries import inbox as rows
from integration.domain.errors import Misconfigured
from integration.flows import doctor as flow
from integration.flows.findings import Finding
from integration.i18n import finding_words
from webhooks import inbox


@postventa.command(help=helped("export"))
@config_option
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def export(config_path: Path, folder: Path) -> None:
    """One JSON-lines file per table, without secrets."""
    with services_at(config_path) as services:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        counts = exports.write(services.db, folder)
        logs.security("exported", lines=sum(counts.values()))
    table([(name, str(count)) for name, count in counts.items()])


@postventa.command(help=helped("replay"))
@config_option
@click.argument("receipt", required=False)
@click.option("--shop", "shop_name", help=helped("shop"))
@click.option("--since", type=click.DateTime(), help=helped("since"))
@click.option("--state", type=click.Choice(["unreadable", "failed", "ignored", "done"]), help=helped("state"))
def replay(
    config_path: Path, receipt: str | None, shop_name: str | None, since: datetime | None, state: str | None
) -> None:
    """Act on kept webhooks again; repeats do no harm."""
    if not (receipt or shop_name or since or state):
        raise Misconfigured("replay_what")
    with services_at(config_path) as services, services.db.writing() as session:
        found = rows.chosen(session, receipt, shop_name, since, state)
        for row in found:
            inbox.replay(row)
    say("replay.done", n=len(found))


@postventa.command(help=helped("doctor"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def doctor(config_path: Path, as_json: bool) -> None:
    """What is wrong, and what to do; exit 1 when anything is."""
    with services_at(config_path) as services:
        findings = flow.examine(services)
    told = [_told(finding) for finding in findings]
    if as_json:
        print_json(told)
    else:
        for one in told:
            print(f"{'✓' if one['ok'] else '✗'} {one['words']}" + (f"\n  → {one['remedy']}" if one["remedy"] else ""))
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


def _told(finding: Finding) -> dict[str, object]:
    sentence, remedy = finding_words(words, finding.check, ok=finding.ok, params=finding.params)
    return {"check": finding.check, "ok": finding.ok, "words": sentence, "remedy": remedy}
