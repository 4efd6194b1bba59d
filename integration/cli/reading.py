"""`reconcile` and `backfill`: read from stores what their webhooks missed, and what was before."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import error_words, say, words
from integration.db.queries import shops
from integration.domain.errors import Temporary
from integration.flows import backfill as past
from integration.flows import reconcile as flow
from integration.flows.services import Services

_LONGEST_WAIT = timedelta(minutes=5)
_PATIENCE = 5  # failures in a row that brought no page
_BAR = 30


@postventa.command(help=helped("reconcile"))
@config_option
@click.argument("shop_name", metavar="[SHOP]", required=False)
@click.option("--subscribe", is_flag=True, help=helped("subscribe"))
def reconcile(config_path: Path, shop_name: str | None, subscribe: bool) -> None:
    """Look at one shop or all, now; exit 1 when one could not be read."""
    with services_at(config_path) as services:
        looks = [_look(services, shop_id, subscribe) for shop_id in _chosen(services, shop_name)]
    if not all(looks):
        raise SystemExit(1)


def _chosen(services: Services, name: str | None) -> list[str]:
    with services.db.reading() as session:
        found = [shops.shop_by_name(session, name)] if name else shops.all_shops(session)
        return [shop.id for shop in found]


def _look(services: Services, shop_id: str, subscribe: bool) -> bool:
    look = flow.look(services, shop_id, subscribe=subscribe, now_anyhow=True)
    if look is None:
        with services.db.reading() as session:
            say("reconcile.stands", shop=shops.shop(session, shop_id).name)
        return False
    say("reconcile.found", shop=look.shop, n=look.found)
    if look.made:
        say("reconcile.made", topics=", ".join(look.made))
    if look.problem:
        print(error_words(look.problem), file=sys.stderr)
    return look.problem is None


@postventa.command(help=helped("backfill"))
@config_option
@click.argument("shop_name", metavar="SHOP")
@click.option("--days", type=int, default=60, show_default=True, help=helped("days"))
def backfill(config_path: Path, shop_name: str, days: int) -> None:
    """Read the shop's past; Ctrl+C stops it, the same command goes on."""
    with services_at(config_path) as services:
        try:
            seen = _read(services, shop_name, days)
        except KeyboardInterrupt:
            _clear()
            say("backfill.stopped", shop=shop_name)
            raise SystemExit(1) from None
    _clear()
    say("backfill.done", shop=shop_name, n=seen)


def _read(services: Services, shop_name: str, days: int) -> int:
    failures, seen = 0, -1
    while True:
        try:
            for progress in past.run(services, shop_name, max(days, 1)):
                failures = 0 if progress.seen > seen else failures
                seen = progress.seen
                _show(progress)
        except Temporary as error:
            failures += 1
            if failures > _PATIENCE:
                raise
            time.sleep(min(error.retry_after or timedelta(seconds=2**failures), _LONGEST_WAIT).total_seconds())
        else:
            return seen


def _show(progress: past.Progress) -> None:
    if sys.stderr.isatty():
        filled = round(_BAR * progress.done)
        told = words("cli.backfill.so_far", n=progress.seen, day=f"{progress.position:%Y-%m-%d}")
        print(f"\r{'█' * filled}{'░' * (_BAR - filled)} {progress.done:4.0%} {told}", end="\033[K", file=sys.stderr)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
