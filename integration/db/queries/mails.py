"""Mails and what may not be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.prepared import prepared
from integration.db.session import connection_of
from integration.db.tables import MailRow, OrderRow, Suppression

_MAILS: Any = MailRow.__table__  # type: ignore[attr-defined]  # SQLModel adds it
_SENT = (
    _MAILS.update()
    .where(_MAILS.c.shop_id == bindparam("shop"), _MAILS.c.id == bindparam("mail"), _MAILS.c.state == "sending")
    .values(state="sent", sent_at=bindparam("now"), reason="")
    .returning(_MAILS.c.kind)
)


def get(session: Session, shop_id: str, mail_id: str) -> MailRow:
    """The mail a task names."""
    return _by_id(session, shop_id, mail_id).one()


@prepared
def _by_id(shop_id: str, mail_id: str) -> SelectOfScalar[MailRow]:
    return select(MailRow).where(MailRow.shop_id == shop_id, MailRow.id == mail_id)


def by_key(session: Session, shop_id: str, key: str) -> MailRow | None:
    """The mail with a business key (`label:<order>`)."""
    return _by_key(session, shop_id, key).first()


@prepared
def _by_key(shop_id: str, key: str) -> SelectOfScalar[MailRow]:
    return select(MailRow).where(MailRow.shop_id == shop_id, MailRow.key == key)


def note_sent(session: Session, shop_id: str, mail_id: str, now: datetime) -> str | None:
    """A mail that was being sent is out; its kind, `None` when somebody else knew more of it."""
    values = {"shop": shop_id, "mail": mail_id, "now": now}
    found: str | None = connection_of(session).execute(_SENT, values).scalar()
    return found


def of_order(session: Session, shop_id: str, order_id: str) -> Sequence[MailRow]:
    """All mails of an order, oldest first."""
    mine = (MailRow.shop_id == shop_id, MailRow.order_id == order_id)
    return session.exec(select(MailRow).where(*mine).order_by(MailRow.id)).all()


def suppressed_scopes(session: Session, shop_id: str, address_digest: str, now: datetime) -> frozenset[str]:
    """What this address must not get now: `survey`, `marketing`, or `all`."""
    return frozenset(_suppressed(session, shop_id, address_digest, now))


@prepared
def _suppressed(shop_id: str, address_digest: str, now: datetime) -> SelectOfScalar[str]:
    mine = (Suppression.shop_id == shop_id, Suppression.address_digest == address_digest)
    return select(Suppression.scope).where(*mine, or_(col(Suppression.until).is_(None), col(Suppression.until) > now))


def suppression(session: Session, shop_id: str, address_digest: str, scope: str) -> Suppression | None:
    """The row of one scope."""
    mine = (Suppression.shop_id == shop_id, Suppression.address_digest == address_digest, Suppression.scope == scope)
    return session.exec(select(Suppression).where(*mine)).first()


def last_survey_at(session: Session, shop_id: str, customer_key: str, but_order: str) -> datetime | None:
    """When this person was last asked about another order; the reminder does not count."""
    return _last_survey_at(session, shop_id, customer_key, but_order).first() if customer_key else None


@prepared
def _last_survey_at(shop_id: str, customer_key: str, but_order: str) -> SelectOfScalar[Any]:
    asked = select(MailRow.sent_at).where(
        MailRow.shop_id == shop_id,
        MailRow.kind == "survey",
        col(MailRow.state).in_(("sent", "sending", "ambiguous")),
        MailRow.order_id != but_order,
        OrderRow.id == MailRow.order_id,
        OrderRow.customer_key == customer_key,
    )
    return asked.order_by(col(MailRow.sent_at).desc()).limit(1)
