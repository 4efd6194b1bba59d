"""How the mails of a shop fare: what waits, what came back, who complained."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import lists, mail_events, shops
from integration.db.tables import Shop
from integration.flows.findings import Finding
from integration.flows.pacing import DAY_FULL
from integration.flows.services import Services
from integration.rules import bounces

_PERIOD = timedelta(days=7)
_LONG = timedelta(days=2)


def examine(services: Services) -> list[Finding]:
    """What doctor tells of the way out, and of each shop that mails left of, or wait for."""
    now = services.clock()
    with services.db.reading() as session:
        found = [finding for shop in shops.all_shops(session) for finding in _of_shop(session, shop, now)]
    return [Finding("mails_leave", mails_leave(services), {}), *found]


def mails_leave(services: Services) -> bool:
    """Whether mails leave at all, and are not only written into files."""
    return services.settings.mail.transport != "folder"


def _of_shop(session: Session, shop: Shop, now: datetime) -> list[Finding]:
    found = []
    waiting, last = lists.put_off(session, shop.id, DAY_FULL)
    if last:
        params = {"shop": shop.name, "n": waiting, "last": f"{last:%Y-%m-%d}"}
        found.append(Finding("mails_waiting", ok=last - now <= _LONG, params=params))
    counts = mail_events.counts(session, shop.id, now - _PERIOD)
    sent, hard, soft, spam = (counts.get(kind, 0) for kind in ("sent", "hard", "soft", "complaint"))
    if sent or hard or soft or spam:
        back = {"shop": shop.name, "sent": sent, "hard": hard, "soft": soft}
        found.append(Finding("mail_bounces", ok=not bounces.worrying(hard, sent, *bounces.DEAD_ADDRESSES), params=back))
        many = bounces.worrying(spam, sent, *bounces.COMPLAINTS)
        found.append(Finding("mail_complaints", ok=not many, params={"shop": shop.name, "sent": sent, "spam": spam}))
    return found
