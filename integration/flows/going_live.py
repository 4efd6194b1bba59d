"""From preview to live: what it will mean, told before; and from that moment on only what arrives then gets mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import lists, numbers, outbox
from integration.db.queries import shops as rows
from integration.db.tables import Shop, Task
from integration.flows import history
from integration.flows.services import Services
from integration.flows.shops import policy_of
from integration.rules import transitions
from integration.rules.forecast import mails_a_day

LOOKED_AT = 14
HELD = "shop_preview"
LATER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What happens when the shop goes live: mails about the past (none), and about how many a day from then on."""

    past: int
    deliveries: int
    days: int
    mails_a_day: float
    kept_back: int


def consequences(services: Services, shop_id: str) -> Consequences:
    """Told before the button is pressed, from the deliveries of the last 14 days."""
    now = services.clock()
    with services.db.reading() as session:
        shop = rows.shop(session, shop_id)
        _, policy = policy_of(session, services, shop)
        deliveries = numbers.delivered(session, [shop_id], now - timedelta(days=LOOKED_AT), now)
        kept_back = lists.mails_kept_back(session, shop_id)
    return Consequences(0, deliveries, LOOKED_AT, mails_a_day(deliveries, LOOKED_AT, policy), kept_back)


def begin(session: Session, shop: Shop, now: datetime) -> None:
    """The shop leaves its preview: whatever was planned about deliveries until now is settled without a mail."""
    shop.live_since = now.replace(microsecond=0)  # stores tell whole seconds
    for step in lists.planned_followups(session, shop.id):
        if transitions.allowed("followup", step.state, "skipped"):
            history.note(session, shop.id, step.id, now, "policy", step.state, "skipped", "before_live")
            step.state, step.reason = "skipped", "before_live"
    for task in outbox.held(session, shop.id, HELD):
        task.due_at, task.reason = now, ""


def hold(session: Session, services: Services, task: Task, now: datetime) -> tuple[datetime | None, str]:
    """What changes something in the store waits, visibly, until the shop is live."""
    return (now + LATER, HELD) if rows.shop(session, task.shop_id).state == "preview" else (None, "")
