"""`privacy`: what is kept about a person, written down or erased; and the record of who asked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import cast

import click

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import print_json, say, table
from integration.db.care_tables import PrivacyRequest
from integration.db.queries import outbox, shops
from integration.db.queries import requests as rows
from integration.domain.errors import Misconfigured, Permanent
from integration.domain.facts import Person
from integration.flows import dispatch, person_requests
from integration.flows.services import Services
from integration.worker import ticks


@postventa.group("privacy", help=helped("privacy"))
def privacy_group() -> None:
    """Requests of people about what is kept of them."""


@privacy_group.command("list", help=helped("privacy_list"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def list_requests(config_path: Path, as_json: bool) -> None:
    """The newest first."""
    with services_at(config_path) as services, services.db.reading() as session:
        names = {shop.id: shop.name for shop in shops.all_shops(session)}
        found = [_told(one, names[one.shop_id]) for one in rows.listed(session)]
    if as_json:
        print_json(found)
    elif found:
        table([tuple(one.values()) for one in found])
    else:
        say("privacy.none")


def _told(one: PrivacyRequest, shop: str) -> dict[str, str]:
    at = {name: f"{moment:%Y-%m-%d %H:%M}" if moment else "" for name, moment in _moments(one)}
    return {"id": one.id, "shop": shop, "kind": one.kind, "state": one.state, "source": one.source} | at | {
        "orders": str(one.found), "files": one.files,
    }  # fmt: skip


def _moments(one: PrivacyRequest) -> tuple[tuple[str, datetime | None], ...]:
    return ("asked_at", one.asked_at), ("done_at", one.done_at)


@privacy_group.command("export", help=helped("privacy_export"))
@config_option
@click.argument("shop_name", metavar="SHOP")
@click.argument("email", metavar="EMAIL")
def export(config_path: Path, shop_name: str, email: str) -> None:
    """Write it for her."""
    with services_at(config_path) as services:
        found, files = _done(services, shop_name, "export", email)
    for name in files.split():
        say("privacy.written", path=str(config_path.parent / name), n=found)


@privacy_group.command("erase", help=helped("privacy_erase"))
@config_option
@click.argument("shop_name", metavar="SHOP")
@click.argument("email", metavar="EMAIL")
def erase(config_path: Path, shop_name: str, email: str) -> None:
    """For good."""
    with services_at(config_path) as services:
        found, _ = _done(services, shop_name, "erase", email)
    say("privacy.erased", n=found)


def _done(services: Services, shop_name: str, kind: str, email: str) -> tuple[int, str]:
    """Kept as a request like any other, and done at once."""
    if "@" not in email:
        raise Misconfigured("bad_address", address=email[:80])
    now = services.clock()
    with services.db.writing() as session:
        shop = shops.shop_by_name(session, shop_name)
        asked = cast("person_requests.Kind", kind)
        request = person_requests.ask(session, services, shop, asked, Person(email=email), "owner", now)
        task = outbox.task_by_key(session, shop.id, f"{person_requests.TASKS[kind]}:{request.id}")
    if task is not None:
        dispatch.run(services, task.id, ticks.owner_name())
    with services.db.reading() as session:
        done = rows.get(session, shop.id, request.id)
    if done.state != "done":
        raise Permanent("request_waits")
    return done.found, done.files
