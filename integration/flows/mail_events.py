"""Keeps what was heard of a mail, once, and ends what must not be sent any more."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from emails.catalogue import KINDS
from integration import __version__
from integration.db.mail_tables import MailEvent
from integration.db.queries import mail_events as rows
from integration.db.queries import orders, shops
from integration.db.tables import MailRow, Suppression
from integration.domain.errors import SinkError
from integration.domain.ids import new_id
from integration.flows import history
from integration.flows.people import digest
from integration.flows.services import Services
from integration.rules import bounces
from integration.rules.compensation import identity_keys


def keep(
    session: Session,
    row: MailRow,
    kind: bounces.Kind,
    now: datetime,
    *,
    code: str,
    source: str,
    key: str = "",
    address: str = "",
) -> bool:
    """Note it and suppress what follows; false for a repeat. `address` helps where the order was erased meanwhile."""
    event = MailEvent(
        id=new_id("heard", now), shop_id=row.shop_id, mail_id=row.id, address_digest=_digest(session, row, address),
        kind=kind, code=code[:20], source=source, key=key or f"{row.id}:{kind}:{row.copies}", at=now,
    )  # fmt: skip
    if not rows.keep(session, event):
        return False
    history.note(session, row.shop_id, row.id, now, "system", row.state, kind, source)
    if event.address_digest:
        _suppress(session, event, kind, now)
    return True


def refused(session: Session, services: Services, row: MailRow, error: SinkError, now: datetime) -> None:
    """A mail was given up: if the server said that the address is at fault, that counts as a bounce."""
    reply = str(error.params.get("reply", ""))
    kind = bounces.kind_of_refusal(error.code, reply)
    if kind in ("hard", "soft"):
        keep(session, row, kind, now, code=reply.partition(" ")[0], source=services.settings.mail.transport)


def allow(services: Services, address: str) -> int:
    """Write again to an address of which bounces ended it, in every shop; how many suppressions that was."""
    with services.db.writing() as session:
        digests = [(shop.id, address_digest(shop.id, address)) for shop in shops.all_shops(session)]
        return sum(rows.allow(session, *one, ("hard_bounce", "soft_bounces")) for one in digests)


def address_digest(shop_id: str, address: str) -> str:
    """By what an address is known again in one shop; empty for none."""
    keys = identity_keys(address, "", "")
    return digest(shop_id, keys[0]) if keys else ""


def _digest(session: Session, row: MailRow, address: str) -> str:
    """Whose mail it was: never the owner's, who has to go on hearing of her shop."""
    if row.order_id is None or KINDS[row.kind].category == "internal":
        return ""
    order = orders.get(session, row.shop_id, row.order_id)
    return address_digest(row.shop_id, orders.facts(order).email if order.facts else address)


def _suppress(session: Session, event: MailEvent, kind: bounces.Kind, now: datetime) -> None:
    since = now - bounces.SOFT_PERIOD
    softs = rows.count(session, event.shop_id, event.address_digest, "soft", since) if kind == "soft" else 0
    follows = bounces.consequence(kind, softs)
    if follows is None:
        return
    for scope in follows.scopes:
        wanted = Suppression(
            id=new_id("suppression", now), shop_id=event.shop_id, address_digest=event.address_digest, scope=scope,
            reason=follows.reason, source=event.source, text_version=__version__, created_at=now,
            until=now + follows.lasts if follows.lasts else None,
        )  # fmt: skip
        rows.suppress(session, wanted)
