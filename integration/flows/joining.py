"""Connects a WooCommerce shop from the desk: she approves in her shop, or types keys; looked at first, then kept."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

import connectors
from connectors.base import Check, StoreConnector, StoreInfo
from integration.db.care_tables import Joining
from integration.db.queries import joinings, orders
from integration.db.queries import shops as rows
from integration.db.tables import Shop
from integration.domain.errors import BadForm, BadPayload, Conflict, Gone, NotFound, SinkError
from integration.domain.ids import new_id
from integration.domain.policy import Policy
from integration.flows import connecting, reconnecting, subscriptions, way_back
from integration.flows import shops as flow
from integration.flows.accounts import Person
from integration.flows.limits import Limit, admit
from integration.flows.services import Services
from integration.links import digest

PLATFORM = "woocommerce"
EXPIRES = timedelta(hours=1)
TRIES_AN_HOUR = 30


@dataclass(frozen=True, slots=True)
class View:
    """One on its way: `shop` is the name of its shop, empty for a new one; `again`: that one gets new keys.

    `approve_at` is where she approves, empty where the shop could not send us its keys: it does so over https alone.
    """

    id: str
    address: str
    name: str
    state: str
    shop_id: str
    shop: str
    again: bool
    approve_at: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The shop, empty while it is not connected, and what was looked at; `View.id` of the one on its way."""

    shop_id: str = ""
    checks: tuple[Check, ...] = ()
    joining_id: str = ""


def known(services: Services, who: Person, shop_id: str) -> Shop:
    """A shop of hers on this platform; `NotFound` for any other."""
    with services.db.reading() as session:
        found = next((shop for shop in rows.all_shops(session) if shop.id == shop_id and shop.id in who.shops), None)
        if found is None or rows.connection_of(session, found).platform != PLATFORM:
            raise NotFound("no_shop", shop=shop_id[:40])
        return found


def begin(services: Services, who: Person, typed: str, shop_id: str = "") -> Outcome:
    """Greet the shop; if nothing is wrong, hers for an hour. `BadForm`, `NotFound`, `TooMany`."""
    again = known(services, who, shop_id) if shop_id else None
    address = connectors.store(PLATFORM).typed_address(typed)
    if not address:
        raise BadForm("address_missing", field="address")
    _not_twice(services, address, again)
    _count(services, who)
    connector = connectors.store(PLATFORM)(address, {}, services.http)
    checks = tuple(connector.greet())
    if any(not one.ok for one in checks):
        return Outcome(checks=checks)
    name = next((str(one.params["name"]) for one in checks if one.params.get("name")), "")
    word, now = secrets.token_urlsafe(24), services.clock()
    row = Joining(
        id=new_id("joining", now), account_id=who.id, platform=PLATFORM, address=address, name=name, shop_id=shop_id,
        again=bool(shop_id), digest=digest(word), sealed_word=services.vault.seal(word), created_at=now,
        expires_at=now + EXPIRES,
    )  # fmt: skip
    with services.db.writing() as session:
        joinings.forget(session, now - EXPIRES)
        session.add(row)
    return Outcome(checks=checks, joining_id=row.id)


def _count(services: Services, who: Person) -> None:
    with services.db.writing() as session:
        admit(session, services, (Limit("connect", who.id, TRIES_AN_HOUR, timedelta(hours=1)),), services.clock())


def _not_twice(services: Services, address: str, again: Shop | None) -> None:
    with services.db.reading() as session:
        for shop in rows.all_shops(session):
            if shop.address.lower() == address.lower() and (again is None or shop.id != again.id):
                raise BadForm("shop_known", field="address", shop=shop.name)


def opened(services: Services, who: Person, joining_id: str) -> View:
    """One of hers; `NotFound("no_joining")` also for another's, `Gone("joining_expired")` after its hour."""
    with services.db.reading() as session:
        row = _row(session, services, who, joining_id)
        shop = rows.shop(session, row.shop_id).name if row.shop_id else ""
    url = ""
    if subscriptions.reachable(services):
        base = services.settings.server.public_url.rstrip("/")
        word = services.vault.open(row.sealed_word)
        back = f"{base}/admin/connect/woocommerce/{row.id}/back"
        url = connectors.store(row.platform).approval_url(
            row.address, word, f"{base}/webhooks/approved/{word}", back
        )  # fmt: skip
    return View(row.id, row.address, row.name, row.state, row.shop_id, shop, row.again, url)


def _row(session: Session, services: Services, who: Person, joining_id: str) -> Joining:
    row = joinings.joining(session, who.id, joining_id)
    if row is None:
        raise NotFound("no_joining")
    if row.expires_at < services.clock() and row.state != "done":
        raise Gone("joining_expired")
    return row


def take(services: Services, word: str, body: bytes) -> None:
    """The shop sends its keys, once; whoever knows the word may, since nobody signs it.

    `NotFound`, `Gone`, `Conflict` for a word that is none, too old or used; `BadPayload` for a body that is none. The
    keys are worth nothing until the shop itself opened to them: see `finish`.
    """
    with services.db.writing() as session:
        row = joinings.by_digest(session, digest(word))
        if row is None:
            raise NotFound("no_joining")
        if row.expires_at < services.clock():
            raise Gone("joining_expired")
        approval = connectors.store(row.platform).read_approval(body)
        if not hmac.compare_digest(approval.state.encode(), word.encode()):
            raise BadPayload("bad_shape", path="$.user_id")
        if not joinings.move(session, row.id, "asked", "keyed"):
            raise Conflict("joining_used")
        row.sealed_credentials = services.vault.seal(json.dumps(dict(approval.credentials)))


def typed_keys(services: Services, who: Person, joining_id: str, form: Mapping[str, str]) -> None:
    """The keys of her shop by hand; they take the place of others that did not work. `BadForm`."""
    names = connectors.store(PLATFORM).credential_names
    keys = {name: form.get(name, "").strip() for name in names}
    for name, value in keys.items():
        if not value or len(value) > 200 or not value.isascii():
            raise BadForm("consumer_key_missing", field=name)
    with services.db.writing() as session:
        row = _row(session, services, who, joining_id)
        if row.state in ("asked", "keyed"):
            row.state, row.sealed_credentials = "keyed", services.vault.seal(json.dumps(keys))


def finish(services: Services, who: Person, joining_id: str) -> Outcome:
    """Prove the keys at the shop and connect it, in preview, or give the known shop its new keys.

    Nothing happens while there are no keys, and once it is done it is only told. `NotFound`, `Gone`, `TooMany`.
    """
    with services.db.writing() as session:
        row = _row(session, services, who, joining_id)
        if row.state == "done":
            return Outcome(row.shop_id)
        if not joinings.move(session, row.id, "keyed", "looking"):
            return Outcome(joining_id=row.id)
        keys = json.loads(services.vault.open(row.sealed_credentials))
    try:
        _count(services, who)
        return _proved(services, row, keys)
    finally:  # unless it is done, she may look again
        with services.db.writing() as session:
            joinings.move(session, row.id, "looking", "keyed")


def _proved(services: Services, row: Joining, keys: dict[str, str]) -> Outcome:
    again = None
    if row.shop_id:
        with services.db.reading() as session:
            again = rows.shop(session, row.shop_id)
    connector = connectors.store(row.platform)(row.address, keys, services.http)
    try:
        checks = connector.check()
        if connecting.blocking(_policy(services, again), checks):
            return Outcome(checks=tuple(checks), joining_id=row.id)
        info = connector.describe()
        if again is not None and not _same_shop(services, again, row.address, connector):
            raise BadForm("not_this_shop", field="address", shop=again.name)
    except SinkError as error:
        return Outcome(checks=(connecting.failure(error),), joining_id=row.id)
    shop_id = _kept(services, row, again, connecting.with_lasting(connector, keys), info)
    with services.db.writing() as session:
        joinings.done(session, row.id, shop_id)
    return Outcome(shop_id, tuple(_looked_at(services, shop_id, checks, anew=again is not None)), row.id)


def _policy(services: Services, again: Shop | None) -> Policy:
    if again is None:
        return services.settings.policy
    with services.db.reading() as session:
        return flow.policy_of(session, services, again)[1]


def _same_shop(services: Services, again: Shop, address: str, connector: StoreConnector) -> bool:
    """A shop may move; another one's orders must not fall among its own, and numbers are the same everywhere."""
    if address.lower() == again.address.lower():
        return True
    with services.db.reading() as session:
        newest = orders.newest(session, again.id, 1)
    there = connector.fetch_order(newest[0].ref) if newest else None
    return not newest or (there is not None and there.placed_at == orders.facts(newest[0]).placed_at)


def _kept(services: Services, row: Joining, again: Shop | None, keys: Mapping[str, str], info: StoreInfo) -> str:
    if again is not None:
        reconnecting.renew(services, again.id, row.address, keys, info)
        return again.id
    new = flow.NewShop(_free_name(services, row), row.platform, row.address, keys, preview=True)
    shop_id = connecting.keep(services, new, info)[0].id
    services.wake()
    return shop_id


def _free_name(services: Services, row: Joining) -> str:
    """As the shop calls itself, or its address where that name is taken."""
    with services.db.reading() as session:
        taken = {shop.name for shop in rows.all_shops(session)}
    place = row.address.partition("://")[2]
    return next((one for one in (row.name, place) if one and one not in taken), f"{place} {row.id[-4:]}")


def _looked_at(services: Services, shop_id: str, checks: list[Check], *, anew: bool) -> list[Check]:
    """Make its webhooks now, so that it is seen at once whether they reach us; kept for the shop's page.

    With other keys they are made `anew`: a shop signs errors for somebody who lost her role (facts 1.8).
    """
    with services.db.reading() as session:
        shop = rows.shop(session, shop_id)
        connector, connection = flow.connector_of(session, services, shop), rows.connection_of(session, shop)
    found = list(checks)
    try:
        if anew:
            connector.forget_subscriptions(connecting.webhook_url(services, connection))
    except SinkError as error:
        found.append(connecting.failure(error))
    healed = subscriptions.begin(services, shop_id, connector)
    if healed.problem is not None:
        found.append(connecting.failure(healed.problem))
    found += way_back.look(services, shop_id, connector)
    return connecting.remember(services, shop_id, found)
