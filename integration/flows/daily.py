"""The owner's mail of every morning: silence is never mistaken for health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session

from integration.db.queries import inbox, lists, numbers, orders, requests
from integration.db.queries import shops as rows
from integration.db.tables import Shop
from integration.flows import apart, connecting, mails, reputation, subscriptions
from integration.flows.person_requests import TERM
from integration.flows.services import Services
from integration.flows.shops import zone_of

OFF = "off"
STREAMS = ("mail", "store")
UNDECIDED = ("received", "acknowledged", "in_progress")


@dataclass(frozen=True, slots=True)
class Day:
    """The 24 hours up to this morning's time, in the shop's zone."""

    start: datetime
    end: datetime


def run(services: Services) -> int:
    """Queue the mail of every shop whose morning has come; how many were new."""
    if services.settings.alerts.daily == OFF:
        return 0
    now = services.clock()
    with services.db.reading() as session:
        due = [shop.id for shop in rows.all_shops(session) if _due(session, services, shop, now)]

    def tell(shop_id: str) -> int:
        with services.db.writing(shop_id) as session:
            _tell(session, services, rows.shop(session, shop_id), now)
        return 1

    return apart.each(services, due, tell)


def _due(session: Session, services: Services, shop: Shop, now: datetime) -> bool:
    day = _day(services, shop, now)
    return day.end <= now and shop.created_at < day.end and not lists.mail_known(session, shop.id, _key(day))


def _day(services: Services, shop: Shop, now: datetime) -> Day:
    zone = zone_of(shop)
    morning = time.fromisoformat(services.settings.alerts.daily)
    today = datetime.combine(now.astimezone(zone).date(), morning, zone)
    return Day((today - timedelta(days=1)).astimezone(UTC), today.astimezone(UTC))


def _key(day: Day) -> str:
    return f"owner_daily:{day.end:%Y%m%d}"


def _tell(session: Session, services: Services, shop: Shop, now: datetime) -> None:
    day = _day(services, shop, now)
    context = {
        "delivered": numbers.delivered(session, [shop.id], day.start, day.end),
        "mailed": lists.mails_between(session, shop.id, day.start, day.end),
        "waiting": lists.mails_waiting(session, shop.id),
        "needs": [[code, n] for code, n in _needs(session, services, shop, now) if n],
    }
    mails.queue(session, services, shop, "owner_daily", _key(day), now, context=context)
    services.wake()


def _unheard(session: Session, services: Services, shop: Shop, now: datetime) -> bool:
    """Whether orders changed and no webhook said so, where the store could have sent some."""
    since = now - timedelta(days=1)
    told = inbox.heard_since(session, shop.id, since)
    return subscriptions.reachable(services) and not told and orders.changed_since(session, shop.id, since)


def _needs(session: Session, services: Services, shop: Shop, now: datetime) -> list[tuple[str, int]]:
    """What waits for her, by codes of `mail.daily`, and how many of each."""
    standing = {pause.stream for pause in lists.pauses(session, [shop.id])}
    return [
        *((f"paused_{stream}", stream in standing) for stream in STREAMS),
        (shop.state, shop.state in ("paused", "preview")),
        ("check_failed", connecting.in_trouble(shop)),
        ("late", lists.late_cases(session, shop.id, now)),
        ("cases", lists.open_cases(session, [shop.id], UNDECIDED)),
        ("stopped", lists.stopped_count(session, [shop.id])),
        ("requests", sum(request.shop_id == shop.id for request in requests.overdue(session, now - TERM))),
        ("surveys_stand", reputation.surveys_stand(session, shop.id, now)),
        ("unheard", _unheard(session, services, shop, now)),
    ]
