"""`shops` and `policy`: connect a store, pause it, set what it does."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

import connectors
from connectors.base import ADVICE, Check
from integration.cli import delivered
from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import check_words, print_json, say, table, words
from integration.db.queries import shops as rows
from integration.db.tables import Connection, Shop
from integration.domain.errors import Misconfigured, SinkError
from integration.flows import app_files, connecting, going_live, way_back
from integration.flows import shops as flow
from integration.flows.services import Services
from integration.settings import read_toml, secret_from_environment, spelled


@postventa.group("shops", help=helped("shops"))
def shops_group() -> None:
    """Stores."""


@shops_group.command("add", help=helped("shops_add"))
@config_option
@click.argument("name")
@click.option("--platform", required=True, type=click.Choice(connectors.platforms()), help=helped("platform"))
@click.option("--url", help=helped("url"))
@click.option("--domain", help=helped("domain"))
@click.option("--consumer-key", help=helped("secret"))
@click.option("--consumer-secret", help=helped("secret"))
@click.option("--client-id", help=helped("secret"))
@click.option("--client-secret", help=helped("secret"))
@click.option("--token", help=helped("secret"))
@click.option("--api-base", help=helped("api_base"))
@click.option("--folder", help=helped("folder"))
@click.option("--webhook-secret", help=helped("webhook_secret"))
@click.option("--no-check", is_flag=True, help=helped("no_check"))
@click.option("--preview", is_flag=True, help=helped("preview"))
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def add(
    config_path: Path, name: str, platform: str, no_check: bool, preview: bool, as_json: bool, **given: str | None
) -> None:
    """Connect a store and say where its webhooks go."""
    credentials = {key: read_secret(value) for key, value in given.items() if value and key not in _PLACES}
    if platform == "demo":
        credentials.setdefault("folder", str(_demo_folder(config_path)))
    address = (given["url"] or given["domain"] or given["folder"] or "").rstrip("/")
    if not address and platform != "demo":
        raise Misconfigured("option_missing", option="--url" if platform == "woocommerce" else "--domain")
    _require(platform, credentials)
    secret = read_secret(given["webhook_secret"]) if given["webhook_secret"] else ""
    new = flow.NewShop(name, platform, address or "demo", credentials, secret, preview)
    with services_at(config_path) as services:
        shop, connection, made = connecting.add(services, new, check=not no_check)
        _tell(services, shop, connection, made, as_json)
        if not (as_json or no_check):
            with suppress(SinkError):  # it is connected all the same, and can be asked again
                delivered.tell(services, name)


shops_group.add_command(delivered.delivered)

_PLACES = ("url", "domain", "webhook_secret")


def _demo_folder(config_path: Path) -> Path:
    """Where the demo's store keeps its orders and codes when nobody says otherwise."""
    folder = config_path.absolute().parent / "demo-store"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def read_secret(text: str) -> str:
    """A secret given as itself, `env:NAME`, `file:PATH`, or `-` for a line of standard input."""
    if text == "-":
        return sys.stdin.readline().strip()
    kind, _, name = text.partition(":")
    if kind == "env":
        return secret_from_environment(name)
    if kind == "file":
        try:
            return Path(name).read_text("utf-8").strip()
        except OSError as error:
            raise Misconfigured("secret_file", file=name, why=error.strerror or "?") from error
    return text


def _require(platform: str, credentials: dict[str, str]) -> None:
    needed = connectors.store(platform).credentials_needed
    if not any(all(credentials.get(name) for name in choice) for choice in needed or ((),)):
        raise Misconfigured("option_missing", option=" ".join(f"--{name.replace('_', '-')}" for name in needed[0]))


def _tell(services: Services, shop: Shop, connection: Connection, secret: str, as_json: bool) -> None:
    url = connecting.webhook_url(services, connection)
    if as_json:
        print_json({"shop": shop.name, "key": connection.key, "webhook_url": url, "webhook_secret": secret})
        return
    say("shops.added", shop=shop.name)
    table([("webhook_url", url), ("webhook_secret", secret)])
    say("shops.topics", topics=", ".join(connecting.topics(services, shop)))
    with services.db.reading() as session:
        failed = connecting.failed_checks(rows.shop(session, shop.id))
    say("shops.live_now" if shop.state == "live" else "shops.preview_now", shop=shop.name)
    for one in failed:  # it is connected without these
        print("✗ " + check_words(one.code, ok=False, params=one.params))


@shops_group.command("list", help=helped("shops_list"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def list_shops(config_path: Path, as_json: bool) -> None:
    """Every shop with its state and webhook URL."""
    with services_at(config_path) as services, services.db.reading() as session:
        found = [_row(session, services, shop) for shop in rows.all_shops(session)]
    if as_json:
        print_json(found)
    else:
        table([tuple(str(value) for value in row.values()) for row in found])


def _row(session: Session, services: Services, shop: Shop) -> dict[str, str]:
    connection = rows.connection_of(session, shop)
    return {
        "shop": shop.name,
        "platform": connection.platform,
        "state": shop.state,
        "address": shop.address,
        "webhook_url": connecting.webhook_url(services, connection),
    }


@shops_group.command("pause", help=helped("shops_pause"))
@config_option
@click.argument("name", metavar="SHOP")
def pause(config_path: Path, name: str) -> None:
    """Nothing leaves until `shops live`; webhooks are still kept."""
    with services_at(config_path) as services:
        connecting.set_state(services, name, "paused")
    say("shops.paused", shop=name)


@shops_group.command("live", help=helped("shops_live"))
@config_option
@click.argument("name", metavar="SHOP")
def live(config_path: Path, name: str) -> None:
    """Say what it means; then mails leave."""
    with services_at(config_path) as services:
        with services.db.reading() as session:
            shop_id = rows.shop_by_name(session, name).id
        _tell_consequences(going_live.consequences(services, shop_id))
        connecting.set_state(services, name, "live")
    say("shops.live", shop=name)


def _tell_consequences(then: going_live.Consequences) -> None:
    if not then.deliveries:
        print(words("desk.live.unknown", days=then.days))
        return
    say("shops.consequences", n=max(1, round(then.mails_a_day)))
    because = words(
        "desk.live.because_store" if then.by_store else "desk.live.because", n=then.deliveries, days=then.days
    )
    print(because)


@shops_group.command("check", help=helped("shops_check"))
@config_option
@click.argument("name", metavar="SHOP")
def check(config_path: Path, name: str) -> None:
    """Look at everything that must hold between us and the store, and whether it reaches us."""
    with services_at(config_path) as services:
        with services.db.reading() as session:
            shop_id = rows.shop_by_name(session, name).id
        found = way_back.check(services, shop_id)
    for one in found:
        print(f"{_mark(one)} {check_words(one.code, ok=one.ok, params=one.params)}")
    if any(_mark(one) == "✗" for one in found):
        raise SystemExit(1)


def _mark(one: Check) -> str:
    """What is only good to know is neither right nor wrong."""
    return "✓" if one.ok else "!" if one.feature == ADVICE else "✗"


@shops_group.command("shopify-toml", help=helped("shopify_toml"))
@config_option
@click.argument("name", metavar="[SHOP]", default="")
def shopify_toml(config_path: Path, name: str) -> None:
    """The app's file on standard output; what to do with it stands in its first lines."""
    with services_at(config_path) as services:
        text = app_files.of_shop(services, "shopify", name)
    print("# " + words("cli.app_file.what"))
    print("# " + words("cli.app_file.linked" if "[[webhooks" in text else "cli.app_file.unlinked"))
    print(text, end="")


@postventa.group("policy", help=helped("policy"))
def policy_group() -> None:
    """What a shop does after a delivery."""


@policy_group.command("show", help=helped("policy_show"))
@config_option
@click.argument("name", metavar="SHOP")
def show(config_path: Path, name: str) -> None:
    """The policy in force, ready to edit and give to `policy set`."""
    with services_at(config_path) as services, services.db.reading() as session:
        shop = rows.shop_by_name(session, name)
        version, policy = flow.policy_of(session, services, shop)
    print(f"# {name}, version {version}")
    print(toml(spelled(policy)))


def toml(table_: dict[str, Any], prefix: str = "") -> str:
    """A flat TOML of plain values and their sub-tables."""
    lines = [f"{name} = {_toml_value(value)}" for name, value in table_.items() if not isinstance(value, dict)]
    for name, value in table_.items():
        if isinstance(value, dict):
            lines += ["", f"[{prefix}{name}]", toml(value, f"{prefix}{name}.")]
    return "\n".join(lines)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    # TOML's basic strings are written as JSON's.
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)


@policy_group.command("set", help=helped("policy_set"))
@config_option
@click.argument("name", metavar="SHOP")
@click.option("--file", "file", required=True, type=click.Path(path_type=Path, exists=True), help=helped("policy_file"))
def set_policy(config_path: Path, name: str, file: Path) -> None:
    """Keep a new version; decisions from now on follow it."""
    body = read_toml(file)
    with services_at(config_path) as services, services.db.writing() as session:
        shop = rows.shop_by_name(session, name)
        version = flow.set_policy(session, services, shop, body.get("policy", body), services.clock())
    say("policy.set", shop=name, version=version)
