"""How the service does, by what is kept here alone: nobody outside is asked, so a page can show it at any time (F7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from connectors.base import ADVICE
from integration.db.care_tables import Cursor
from integration.db.queries import counts, cursors, lists, outbox
from integration.db.tables import Shop
from integration.flows import connecting, machine, mail_health
from integration.flows.findings import Finding
from integration.flows.services import Services

QUIET = timedelta(days=1)
LATE = timedelta(minutes=15)
UNREAD = timedelta(hours=1)
AREAS: Mapping[str, tuple[str, ...]] = {
    "webhooks": ("heard", "reading", "receipts"),
    "mail": ("mails_leave", "mails_waiting", "mail_bounces", "mail_complaints"),
    "store": ("has_shop", "store", "return_address"),
    "work": ("queue", "dead_tasks", "ambiguous_tasks"),
    "machine": ("disk", "database_place", "key_file", "backup", "clock"),
    "address": ("public_url", "owner", "reach_"),
}
"""What the page is divided into, and the checks of each part by the beginnings of their names."""


def area_of(finding: Finding) -> str:
    """The part of the page that a finding stands in."""
    if finding.check == "paused":
        return "mail" if finding.params["stream"] == "mail" else "store"
    return next(name for name, known in AREAS.items() if finding.check.startswith(known))


def look(services: Services) -> list[Finding]:
    """Every check that calls nobody; of the connection to a store, what its last check said."""
    with services.db.reading() as session:
        stores = [_kept(shop) for shop, _ in cursors.looks(session) if shop.checked_at]
    return [*stores, *own(services), *work(services), *mail_health.examine(services), *machine.examine(services)]


def own(services: Services) -> list[Finding]:
    """What only the owner knows: the address of the service, her name and where she is."""
    url, shop = services.settings.server.public_url, services.settings.shop
    return [
        Finding("public_url", url.startswith("https://"), {"url": url}),
        Finding("owner", bool(shop.legal_name and shop.address), {}),
    ]


def work(services: Services) -> list[Finding]:
    """Whether webhooks come, shops are read, and what came is worked through."""
    now = services.clock()
    with services.db.reading() as session:
        looks = cursors.looks(session)
        heard = [_heard(session, shop, cursor, now) for shop, cursor in looks if shop.state != "paused"]
        read = [_read(shop, cursor, now) for shop, cursor in looks if shop.state != "paused"]
        rest = [*_waiting(session), *_standing(session), _queue(session, now)]
    return [*heard, *read, *rest]


def _kept(shop: Shop) -> Finding:
    failed = [one.code for one in connecting.failed_checks(shop) if one.feature != ADVICE]
    return Finding("store", not failed, {"shop": shop.name, "why": ", ".join(failed)})


def _heard(session: Session, shop: Shop, cursor: Cursor | None, now: datetime) -> Finding:
    """A day without a webhook is nothing by itself; it is when reading finds what one should have told."""
    heard, missed = lists.last_heard(session, shop.id), cursor.missed if cursor else 0
    params = {"shop": shop.name, "missed": missed}
    if heard is None:
        return Finding("heard_never", not missed, params)
    return Finding("heard", not (missed and now - heard > QUIET), params | {"at": heard})


def _read(shop: Shop, cursor: Cursor | None, now: datetime) -> Finding:
    """Each shop is read beside its webhooks, as it should be every quarter of an hour."""
    last = (cursor.looked_at if cursor else None) or shop.created_at
    why = cursor.reason if cursor and cursor.reason else "not_running"
    return Finding("reading", last > now - UNREAD, {"shop": shop.name, "why": why})


def _waiting(session: Session) -> Iterator[Finding]:
    receipts, stopped = counts.odd_receipts(session), counts.stopped_tasks(session)
    dead, ambiguous = (sum(n for _, found, n in stopped if found == state) for state in ("dead", "ambiguous"))
    odd = receipts.get("unreadable", 0) + receipts.get("failed", 0)
    yield Finding("receipts", not odd, {"n": odd})
    yield Finding("dead_tasks", not dead, {"n": dead})
    yield Finding("ambiguous_tasks", not ambiguous, {"n": ambiguous})


def _standing(session: Session) -> Iterator[Finding]:
    for row in outbox.pauses(session):
        yield Finding("paused", ok=False, params={"stream": row.stream, "why": row.reason})


def _queue(session: Session, now: datetime) -> Finding:
    oldest = counts.oldest_due(session, now)
    waited = now - oldest if oldest else timedelta()
    return Finding("queue", waited <= LATE, {"minutes": int(waited.total_seconds() // 60)})
