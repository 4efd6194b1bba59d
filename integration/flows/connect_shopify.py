"""Connects a Shopify shop from the desk, or connects it again: looked at first, kept in preview, its webhooks made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import connectors
from connectors.base import Check, StoreConnector, StoreInfo
from integration.db.queries import orders
from integration.db.queries import shops as rows
from integration.db.tables import Shop
from integration.domain.errors import BadForm, NotFound, SinkError
from integration.domain.policy import Policy
from integration.flows import connecting, reconnecting, subscriptions
from integration.flows import shops as flow
from integration.flows.accounts import Person
from integration.flows.limits import Limit, admit
from integration.flows.services import Services
from integration.rules import features

PLATFORM = "shopify"
TRIES_AN_HOUR = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page shows first: the shop to connect again (empty for a new one), and what the app has to be granted.

    `makes_webhooks`: whether Shopify could reach us, so that webhooks can be made. `anywhere`: another address of the
    API may be typed, which only a set-up for tests allows.
    """

    shop_id: str
    name: str
    domain: str
    scopes: tuple[str, ...]
    makes_webhooks: bool
    anywhere: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The shop, empty when it was not connected, and what was looked at."""

    shop_id: str
    checks: tuple[Check, ...]


def offer(services: Services, who: Person, shop_id: str) -> Offer:
    """For a new shop, or for one of hers; `NotFound` for any other."""
    known = _hers(services, who, shop_id) if shop_id else None
    asked = connectors.store(PLATFORM).permissions(features.switched_on(_policy(services, known)))
    name, domain = (known.name, known.address) if known else ("", "")
    anywhere = services.settings.http.allow_private_hosts
    return Offer(shop_id, name, domain, asked, subscriptions.reachable(services), anywhere)


def _policy(services: Services, known: Shop | None) -> Policy:
    if known is None:
        return services.settings.policy
    with services.db.reading() as session:
        return flow.policy_of(session, services, known)[1]


def _hers(services: Services, who: Person, shop_id: str) -> Shop:
    with services.db.reading() as session:
        found = next((shop for shop in rows.all_shops(session) if shop.id == shop_id and shop.id in who.shops), None)
        if found is None or rows.connection_of(session, found).platform != PLATFORM:
            raise NotFound("no_shop", shop=shop_id[:40])
        return found


def connect(services: Services, who: Person, form: Mapping[str, str]) -> Outcome:
    """Look at the shop with what was typed; keep it if nothing stands in the way. `BadForm`, `NotFound`, `TooMany`."""
    known = _hers(services, who, form["shop"]) if form.get("shop") else None
    domain, credentials = _typed(services, form)
    _not_twice(services, domain, known)
    with services.db.writing() as session:
        admit(session, services, (Limit("connect", who.id, TRIES_AN_HOUR, timedelta(hours=1)),), services.clock())
    connector = connectors.store(PLATFORM)(domain, credentials, services.http)
    try:
        checks = connector.check()
        if connecting.blocking(_policy(services, known), checks):
            return Outcome("", tuple(checks))
        info = connector.describe()
        if known is not None:
            _same_shop(services, known, connector, info)
    except SinkError as error:
        return Outcome("", (connecting.failure(error),))
    shop_id = _kept(services, known, domain, credentials, info)
    return Outcome(shop_id, _finished(services, shop_id, makes=form.get("webhooks") == "make"))


def _typed(services: Services, form: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Domain and credentials; `BadForm` names the field."""
    given = {name: form.get(name, "").strip() for name in ("domain", "client_id", "client_secret", "token", "api_base")}
    domain = connectors.store(PLATFORM).typed_address(given.pop("domain"))
    if not domain:
        raise BadForm("bad_shop_domain", field="domain", address=form.get("domain", "")[:100])
    if not services.settings.http.allow_private_hosts:
        given.pop("api_base")
    if given["token"]:
        given["client_id"] = ""  # a token of the old kind is of one shop, and needs no exchange
    for name in ("client_secret",) if given["token"] else ("client_id", "client_secret"):
        if not given[name]:
            raise BadForm("credential_missing", field=name)
    return domain, {name: value for name, value in given.items() if value}


def _not_twice(services: Services, domain: str, known: Shop | None) -> None:
    with services.db.reading() as session:
        for shop in rows.all_shops(session):
            if shop.address.lower() == domain and (known is None or shop.id != known.id):
                raise BadForm("shop_known", field="domain", shop=shop.name)


def _same_shop(services: Services, known: Shop, connector: StoreConnector, info: StoreInfo) -> None:
    """A shop may get another domain; another shop's orders must not fall among its own.

    The order that we heard of last is asked for there; a shop without orders has nothing to mix.
    """
    if info.home == known.address.lower():
        return
    with services.db.reading() as session:
        newest = orders.newest(session, known.id, 1)
    if newest and connector.fetch_order(newest[0].ref) is None:
        raise BadForm("not_this_shop", field="domain", shop=known.name)


def _kept(services: Services, known: Shop | None, domain: str, credentials: Mapping[str, str], info: StoreInfo) -> str:
    if known is not None:
        reconnecting.renew(services, known.id, domain, credentials, info)
        return known.id
    new = flow.NewShop(_free_name(services, info.name, domain), PLATFORM, domain, credentials, preview=True)
    return connecting.keep(services, new, info)[0].id


def _free_name(services: Services, name: str, domain: str) -> str:
    """As the store calls itself, or its domain where that name is taken."""
    with services.db.reading() as session:
        taken = {shop.name for shop in rows.all_shops(session)}
    return next((one for one in (name[:80].strip(), domain.partition(".")[0]) if one and one not in taken), domain)


def _finished(services: Services, shop_id: str, *, makes: bool) -> tuple[Check, ...]:
    """Make the webhooks, if asked to, and look at the whole once more, as the shop's page will show it."""
    with services.db.reading() as session:
        shop = rows.shop(session, shop_id)
        connector = flow.connector_of(session, services, shop)
    healed = subscriptions.begin(services, shop_id, connector) if makes else subscriptions.Healed()
    found = connecting.check(services, shop.name)
    if healed.problem is not None:
        found = connecting.remember(services, shop_id, [*found, connecting.failure(healed.problem)])
    return tuple(found)
