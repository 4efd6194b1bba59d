"""Shops as flows need them: their policy, their connector, their zone; adding one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlmodel import Session

import connectors
from connectors.base import StoreConnector
from integration.db.facts import load_address
from integration.db.queries import shops as rows
from integration.db.tables import Connection, PolicyVersion, Shop
from integration.domain.errors import Conflict, Misconfigured
from integration.domain.facts import Address
from integration.domain.ids import new_id
from integration.domain.policy import Policy
from integration.flows.services import Services
from integration.rules import promise
from integration.rules.delivery import parse_trigger
from integration.rules.hours import parse_hours
from integration.settings import policy_from, spelled

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewShop:
    """What `shops add` was told; `secret` signs the webhooks and is made here when the platform leaves it to us.

    `preview`: everything is planned and shown, and no mail leaves until the shop goes live.
    """

    name: str
    platform: str
    address: str
    credentials: Mapping[str, str]
    secret: str = ""
    preview: bool = False


def policy_of(session: Session, services: Services, shop: Shop) -> tuple[int, Policy]:
    """Version and policy in force: what the owner set for this shop over the defaults of the config."""
    if (known := session.info.get(f"policy:{shop.id}")) is None:  # asked for with every order of a page
        known = session.info[f"policy:{shop.id}"] = rows.policy_body(session, shop.id)
    version, body = known
    return version, _policy(json.dumps(body, sort_keys=True), services.settings.policy)


@lru_cache(maxsize=256)
def _policy(body: str, defaults: Policy) -> Policy:
    """Checked once."""
    return policy_from(json.loads(body), spelled(defaults))


def set_policy(session: Session, services: Services, shop: Shop, body: dict[str, object], now: datetime) -> int:
    """Keep a new version; `Misconfigured` names what is wrong and nothing is kept."""
    check_policy(policy_from(body, spelled(services.settings.policy)))
    version = rows.policy_body(session, shop.id)[0] + 1
    session.add(PolicyVersion(id=new_id("policy", now), shop_id=shop.id, version=version, body=body, created_at=now))
    session.info.pop(f"policy:{shop.id}", None)
    return version


def check_policy(policy: Policy) -> None:
    """Read what only its own rule can read, before a delivery has to; `Misconfigured` says what it cannot be."""
    parse_hours(policy.survey_hours)
    promise.due(policy.promise, _ANY_DAY, UTC)
    for text in policy.delivered_when:
        parse_trigger(text)
    if policy.carrier not in connectors.carrier_names():
        raise Misconfigured("no_carrier", carrier=policy.carrier[:40], known=", ".join(connectors.carrier_names()))


def connector_of(session: Session, services: Services, shop: Shop) -> StoreConnector:
    """The connector that talks to this shop."""
    connection = rows.connection_of(session, shop)
    credentials = json.loads(services.vault.open(connection.sealed_credentials))
    state = services.store_states.setdefault(shop.id, {})
    return connectors.store(connection.platform)(shop.address, credentials, services.http, state)


def webhook_secrets(services: Services, connection: Connection) -> list[str]:
    """The secrets that may sign now: the current one, and the one before it during a rotation."""
    sealed = (connection.sealed_webhook_secret, connection.sealed_previous_secret)
    return [services.vault.open(text) for text in sealed if text]


def zone_of(shop: Shop) -> ZoneInfo:
    """The shop's time zone."""
    return ZoneInfo(shop.zone)


def return_address(services: Services, shop: Shop) -> Address:
    """Where parcels go back to: the store's address, else the one in `[shop]`; empty when neither is known."""
    known = load_address(shop.return_address)
    if known.street:
        return known
    lines = [part.strip() for part in services.settings.shop.address.replace("\n", ",").split(",") if part.strip()]
    if not lines:
        return Address()
    country = lines.pop() if len(lines) > 1 and len(lines[-1]) == 2 else ""
    return Address(
        name=services.settings.shop.legal_name or shop.name, street=lines[0], street2=" ".join(lines[1:-1]),
        city=lines[-1] if len(lines) > 1 else "", country=country.upper(),
    )  # fmt: skip


def add(session: Session, services: Services, new: NewShop, now: datetime) -> tuple[Shop, Connection, str]:
    """Connect a shop; gives back its rows and the webhook secret, shown once. `Conflict("shop_exists")`.

    A Shopify app with several shops is one connection: the same client id joins the one that is there.
    """
    if any(shop.name == new.name for shop in rows.all_shops(session)):
        raise Conflict("shop_exists", shop=new.name)
    connection = connection_for(session, services, new, now)
    shop = Shop(
        id=new_id("shop", now), connection_id=connection.id, name=new.name, address=new.address,
        zone=services.settings.shop.zone, locale=services.settings.shop.locale, created_at=now,
        state="preview" if new.preview else "live",
        # the whole minute, since stores tell their times to the second
        live_since=None if new.preview else now.replace(second=0, microsecond=0),
    )  # fmt: skip
    session.add(shop)
    session.flush()
    return shop, connection, services.vault.open(connection.sealed_webhook_secret)


def secret_of(platform: str, credentials: Mapping[str, str]) -> str:
    """The credential that signs webhooks; empty where the platform gives no secret of its own for them."""
    return credentials.get(connectors.store(platform).secret_from_credentials, "")


def connection_for(session: Session, services: Services, new: NewShop, now: datetime) -> Connection:
    """The connection of the same app, else a new one; its secret is the given one, the app's, or made here."""
    app = new.credentials.get("client_id")
    for known in rows.connections(session) if app else ():
        if json.loads(services.vault.open(known.sealed_credentials)).get("client_id") == app:
            return known
    secret = new.secret or secret_of(new.platform, new.credentials) or secrets.token_urlsafe(24)
    connection = Connection(
        id=new_id("connection", now), key=secrets.token_urlsafe(16), platform=new.platform,
        sealed_credentials=services.vault.seal(json.dumps(dict(new.credentials))),
        sealed_webhook_secret=services.vault.seal(secret), created_at=now,
    )  # fmt: skip
    session.add(connection)
    session.flush()
    return connection
