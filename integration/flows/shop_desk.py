"""Shops at the desk: how each is connected, when it was last heard, and the buttons that pause, check and try it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import ADVICE, Check
from integration.db.queries import cursors, lists
from integration.db.queries import shops as rows
from integration.domain.errors import BadForm, NotFound
from integration.flows import connecting, past, trials, way_back
from integration.flows import shops as flow
from integration.flows.accounts import Person
from integration.flows.limits import Limit, admit
from integration.flows.past import Past
from integration.flows.services import Services
from integration.flows.trials import TrialStep

TRIES_AN_HOUR = 10


@dataclass(frozen=True, slots=True)
class ShopView:
    """One shop: `state` is preview, live or paused; `standing` are its streams that stand still, with the code of why.

    `last_heard` is when its last webhook came; `failed` are the checks that failed at `checked_at`. `unread` is why the
    last look at it failed, empty while it is read; `delivered_when` are the triggers of its policy,
    `past` is how far its past is read.
    """

    id: str
    name: str
    platform: str
    address: str
    state: str
    currency: str
    zone: str
    webhook_url: str
    live_since: datetime | None
    last_heard: datetime | None
    checked_at: datetime | None
    failed: tuple[Check, ...]
    standing: tuple[tuple[str, str], ...]
    unread: str
    delivered_when: tuple[str, ...]
    past: Past | None

    @property
    def in_trouble(self) -> bool:
        """Whether a check failed that is more than good to know."""
        return any(one.feature != ADVICE for one in self.failed)


def listed(services: Services, who: Person) -> tuple[ShopView, ...]:
    """Every shop, by name."""
    with services.db.reading() as session:
        ids = [shop.id for shop in rows.all_shops(session) if shop.id in who.shops]
    return tuple(opened(services, who, shop_id) for shop_id in ids)


def opened(services: Services, who: Person, shop_id: str) -> ShopView:
    """One shop; `NotFound` also for another's."""
    with services.db.reading() as session:
        if shop_id not in who.shops:
            raise NotFound("no_shop", shop=shop_id[:40])
        shop = rows.shop(session, shop_id)
        connection = rows.connection_of(session, shop)
        cursor = cursors.find(session, shop.id, "changes")
        return ShopView(
            id=shop.id,
            name=shop.name,
            platform=connection.platform,
            address=shop.address,
            state=shop.state,
            currency=shop.currency,
            zone=shop.zone,
            webhook_url=connecting.webhook_url(services, connection),
            live_since=shop.live_since,
            last_heard=lists.last_heard(session, shop.id),
            checked_at=shop.checked_at,
            failed=connecting.failed_checks(shop),
            standing=tuple((pause.stream, pause.reason) for pause in lists.pauses(session, [shop.id])),
            unread=cursor.reason if cursor else "",
            delivered_when=flow.policy_of(session, services, shop)[1].delivered_when,
            past=past.told(session, shop.id, services.clock()),
        )


def check(services: Services, who: Person, shop_id: str) -> list[Check]:
    """Look at everything between us and the store, now."""
    return way_back.check(services, opened(services, who, shop_id).id)


def try_out(services: Services, who: Person, shop_id: str, order: str, to: str) -> list[TrialStep]:
    """The whole line on one order, mailed to `to`; `BadForm`, `TooMany` after ten an hour."""
    opened(services, who, shop_id)
    if not order:
        raise BadForm("order_missing", field="order")
    if "@" not in to or any(sign.isspace() for sign in to):
        raise BadForm("email_wrong", field="to")
    with services.db.writing() as session:
        admit(session, services, (Limit("try", who.id, TRIES_AN_HOUR, timedelta(hours=1)),), services.clock())
    return trials.run(services, shop_id, order, to)
