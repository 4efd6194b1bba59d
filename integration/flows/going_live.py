"""From preview to live: what it will mean, told before; and from that moment on only what arrives then gets mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import lists, numbers, outbox
from integration.db.queries import shops as rows
from integration.db.tables import Shop, Task
from integration.domain.errors import SinkError
from integration.flows import delivered, history
from integration.flows.mail_health import mails_leave
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
    by_store: bool = False
    """Counted by the store, since nothing was seen here yet."""
    leaves: bool = True
    """Whether mails leave at all, and are not only written into files."""
    surveys: bool = True
    """Whether surveys have the postal address that they need."""


def consequences(services: Services, shop_id: str) -> Consequences:
    """Told before the button is pressed, from the deliveries of the last 14 days; of a fresh shop the store's of 60."""
    now = services.clock()
    with services.db.reading() as session:
        shop = rows.shop(session, shop_id)
        _, policy = policy_of(session, services, shop)
        deliveries = numbers.delivered(session, [shop_id], now - timedelta(days=LOOKED_AT), now)
        kept_back = lists.mails_kept_back(session, shop_id)
    counted = 0 if deliveries else _counted(services, shop_id)
    n, days = (counted, delivered.LOOKED_AT.days) if counted else (deliveries, LOOKED_AT)
    own = services.settings
    return Consequences(
        0, n, days, mails_a_day(n, days, policy), kept_back, by_store=counted > 0,
        leaves=mails_leave(services), surveys=bool(own.shop.address),
    )  # fmt: skip


def _counted(services: Services, shop_id: str) -> int:
    """Orders in the statuses that count as delivered; none where the store cannot be asked, or does not count so."""
    try:
        found = delivered.proposal(services, shop_id)
    except SinkError:
        return 0
    return sum(found.counts.get(status, 0) for status in {trigger.status for trigger in found.in_force})


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
