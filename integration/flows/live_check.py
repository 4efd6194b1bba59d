"""What nobody could try without a real shop, tried on the owner's own: the first live checks of both platforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.base import Page, StoreConnector
from connectors.observed import Observed, Verdict
from integration.db.queries import heard
from integration.db.queries import shops as rows
from integration.db.tables import Shop
from integration.domain.errors import SinkError, Temporary
from integration.domain.facts import Order
from integration.domain.ids import spoken_number
from integration.domain.tasks import DiscountRequest
from integration.flows import connecting
from integration.flows.services import Services
from integration.flows.shops import connector_of
from integration.rules import identity
from integration.rules import live_check as rules

LOOKED_AT = timedelta(days=60)
HEARD = timedelta(days=30)
CODE_LIVES = timedelta(minutes=30)
CHECK = "checks."
"""Stands before the codes of the store's own checks."""
PATIENCE = timedelta(seconds=30)
_PARCELS = 50
Looks = Iterator[Observed]


@dataclass
class _Look:
    """One run: the shop, and the orders that changed of late, once they were read."""

    services: Services
    shop: Shop
    connector: StoreConnector
    now: datetime
    page: Page = field(default_factory=lambda: Page(()))

    @property
    def newest(self) -> Order | None:
        return max(self.page.orders, key=lambda order: order.updated_at, default=None)


def run(services: Services, name: str, wait: Callable[[float], None], *, with_code: bool) -> Looks:
    """Look at everything; only `with_code` changes something in the store, and takes it back.

    `wait` is asked for some seconds where the store asks for them; the look is tried once more then.
    """
    with services.db.reading() as session:
        shop = rows.shop_by_name(session, name)
        look = _Look(services, shop, connector_of(session, services, shop), services.clock())
    steps = _STEPS | ({"code_made": _code} if with_code else {})
    for code, step in steps.items():
        try:
            try:
                yield from step(look)
            except Temporary as error:
                if not error.retry_after or error.retry_after > PATIENCE:
                    raise
                wait(error.retry_after.total_seconds())
                yield from step(look)
        except SinkError as error:
            yield Observed(code, "could_not", {"problem": error.code})


def _seen(code: str, verdict: str, values: Mapping[str, object]) -> Observed:
    known: dict[str, Verdict] = {"ok": "ok", "differs": "differs"}
    return Observed(code, known.get(verdict, "could_not"), {name: str(value) for name, value in values.items()})


def _checks(look: _Look) -> Looks:
    """What has to hold between us and the store anyway."""
    for one in look.connector.check():
        yield _seen(f"{CHECK}{one.code}", rules.of_check(one.ok, one.params), rules.shown(one.params))


def _described(look: _Look) -> Looks:
    """Whether it is the shop that was connected; its name and address stay out of this."""
    told = look.connector.describe()
    changed = identity.change(look.shop.address, told.home, look.shop.currency, told.currency)
    values = {"currency": told.currency, "zone": told.zone, "problem": changed}
    verdict = "differs" if changed else "ok" if told.currency else "could_not"
    yield _seen("same_shop", verdict, {name: text for name, text in values.items() if text})


def _orders(look: _Look) -> Looks:
    """The orders of the last 60 days, a page of them; what follows is about these."""
    look.page = look.connector.changed_orders(look.now - LOOKED_AT)
    found, odd = len(look.page.orders), len(look.page.unreadable)
    verdict = "differs" if odd else "ok" if found else "could_not"
    yield _seen(
        "orders_read", verdict, {"read": found, "unreadable": odd, "more": "yes" if look.page.next_cursor else "no"}
    )
    yield _seen("buyers", *rules.buyers(look.page.orders))
    yield _seen("deliveries", *rules.deliveries(look.page.orders))


def _again(look: _Look) -> Looks:
    """One order asked for by its id is the same as in the list."""
    newest = look.newest
    told = look.connector.fetch_order(newest.ref) if newest else None
    if newest is None:
        yield _seen("order_again", "could_not", {"problem": "no_orders"})
    else:
        fields = rules.differences(newest, told) if told else ["order"]
        yield _seen("order_again", "differs" if fields else "ok", {"fields": ", ".join(fields)})


def _polled(look: _Look) -> Looks:
    """An order is found by the time of its last change: what makes up for lost webhooks."""
    newest = look.newest
    if newest is None:
        yield _seen("found_by_change", "could_not", {"problem": "no_orders"})
        return
    page = look.connector.changed_orders(newest.updated_at)
    there = newest.ref in [order.ref for order in page.orders]
    yield _seen("found_by_change", "ok" if there else "differs", {"found": len(page.orders)})


def _parcels(look: _Look) -> Looks:
    """Parcels asked for by their ids are in the same states as in their orders."""
    if not look.connector.capabilities.parcels_by_id:
        return
    known = {one.ref: one.state for order in look.page.orders for one in order.shipments}
    refs = list(known)[:_PARCELS]
    told = look.connector.open_shipments(refs) if refs else ()
    same = [change for change in told if change.shipment.state == known[change.shipment.ref]]
    yield _seen("parcels_by_id", rules.share(len(same), len(refs)), {"n": len(same), "of": len(refs)})


def _webhooks(look: _Look) -> Looks:
    """Which webhooks the store sends us, and what came; Shopify's are among its checks."""
    with look.services.db.reading() as session:
        url = connecting.webhook_url(look.services, rows.connection_of(session, look.shop))
        came = heard.by_topic(session, look.shop.id, look.now - HEARD)
    if look.connector.capabilities.lists_every_webhook:
        active = [one.topic for one in look.connector.subscriptions() if one.active and one.url == url]
        yield _seen("webhooks", *rules.webhooks(look.connector.webhook_topics(), active))
    yield _seen("heard", "ok" if came else "could_not", came)


def _code(look: _Look) -> Looks:
    """A code for one person, made twice, read back and revoked."""
    order = look.newest
    if order is None or not order.email:
        yield _seen("code_made", "could_not", {"problem": "no_orders"})
        return
    asked = _request(look, order)
    made = look.connector.create_discount(asked)
    try:
        wrong = rules.code(made, asked)
        yield _seen("code_made", "differs" if wrong else "ok", {"fields": ", ".join(wrong)})
        again = look.connector.create_discount(asked)
        yield _seen("code_made_once", "ok" if again.ref == made.ref else "differs", {})
        wrong = rules.code(look.connector.find_discount(asked.code), asked)
        yield _seen("code_read_back", "differs" if wrong else "ok", {"fields": ", ".join(wrong)})
    finally:
        look.connector.revoke_discount(made.ref)
    gone = look.connector.find_discount(asked.code) is None
    yield _seen("code_revoked", "ok" if gone else "differs", {})


def _request(look: _Look, order: Order) -> DiscountRequest:
    return DiscountRequest(
        code=spoken_number("PV-LIVE", 11), title="Postventa live-check", kind="percent", value=Decimal(1),
        currency=look.shop.currency or order.total.currency, email=order.email, customer_ref=order.customer_ref,
        starts_at=look.now, expires_at=look.now + CODE_LIVES, reference="live-check",
    )  # fmt: skip


_STEPS: dict[str, Callable[[_Look], Looks]] = {
    "checks": _checks,
    "same_shop": _described,
    "orders_read": _orders,
    "order_again": _again,
    "found_by_change": _polled,
    "parcels_by_id": _parcels,
    "webhooks": _webhooks,
    "observed": lambda look: look.connector.observe(look.now - LOOKED_AT),
}
