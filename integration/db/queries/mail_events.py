"""What was heard of mails after they left, and whom nothing is sent any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.mail_tables import MailEvent
from integration.db.prepared import prepared
from integration.db.tables import MailRow, Suppression


def mail_named(session: Session, mail_id: str, message_id: str) -> MailRow | None:
    """Our mail by its id or by the Message-ID made of it; it is what names the shop, so none is asked for."""
    named = mail_id or message_id.strip("<>").partition("@")[0]
    row = session.exec(select(MailRow).where(MailRow.id == named)).first()
    return row if row is not None and (mail_id or row.message_id == message_id) else None


def keep(session: Session, event: MailEvent) -> bool:
    """Keep what was heard; false when it is known."""
    same = (MailEvent.shop_id == event.shop_id, MailEvent.key == event.key)
    if session.exec(select(MailEvent.id).where(*same)).first() is not None:
        return False
    session.add(event)
    session.flush()
    return True


def count(session: Session, shop_id: str, address_digest: str, kind: str, since: datetime) -> int:
    """How often one kind was heard of an address."""
    mine = (
        MailEvent.shop_id == shop_id,
        MailEvent.address_digest == address_digest,
        MailEvent.kind == kind,
        col(MailEvent.at) >= since,
    )
    return session.exec(select(func.count()).select_from(MailEvent).where(*mine)).one()


def people(session: Session, shop_id: str, kind: str, since: datetime) -> int:
    """Of how many different addresses one kind was heard since then."""
    mine = (MailEvent.shop_id == shop_id, MailEvent.kind == kind, col(MailEvent.at) >= since)
    return session.exec(select(func.count(col(MailEvent.address_digest).distinct())).where(*mine)).one()


def complained(session: Session, shop_id: str, since: datetime) -> int:
    """How many mails of the shop were called spam since then."""
    return _complained(session, shop_id, since).one()


@prepared
def _complained(shop_id: str, since: datetime) -> SelectOfScalar[int]:
    mine = (MailEvent.shop_id == shop_id, MailEvent.kind == "complaint", col(MailEvent.at) >= since)
    return select(func.count(col(MailEvent.mail_id).distinct())).where(*mine)


def counts(session: Session, shop_id: str, since: datetime) -> Mapping[str, int]:
    """How many mails of the shop were `sent` since then, and how many of each kind came back."""
    events = select(MailEvent.kind, func.count(col(MailEvent.mail_id).distinct())).where(
        MailEvent.shop_id == shop_id, col(MailEvent.at) >= since
    )
    sent = select(func.count()).select_from(MailRow).where(MailRow.shop_id == shop_id, col(MailRow.sent_at) >= since)
    return {"sent": session.exec(sent).one(), **dict(session.exec(events.group_by(MailEvent.kind)).all())}


def suppress(session: Session, wanted: Suppression) -> None:
    """Keep it; of two about one scope the one that lasts longer holds."""
    same = (
        Suppression.shop_id == wanted.shop_id,
        Suppression.address_digest == wanted.address_digest,
        Suppression.scope == wanted.scope,
    )
    known = session.exec(select(Suppression).where(*same)).first()
    if known is None:
        session.add(wanted)
        session.flush()
    elif known.until is not None and (wanted.until is None or wanted.until > known.until):
        known.until, known.reason, known.source = wanted.until, wanted.reason, wanted.source


def allow(session: Session, shop_id: str, address_digest: str, reasons: tuple[str, ...]) -> int:
    """Forget suppressions of an address that have one of these reasons, and the bounces that led to them; how many."""
    mine = (col(Suppression.shop_id) == shop_id, col(Suppression.address_digest) == address_digest)
    found = session.exec(select(Suppression).where(*mine, col(Suppression.reason).in_(reasons))).all()
    for row in found:
        session.delete(row)
    events = (col(MailEvent.shop_id) == shop_id, col(MailEvent.address_digest) == address_digest)
    session.execute(delete(MailEvent).where(*events, col(MailEvent.kind).in_(("hard", "soft"))))
    return len(found)
