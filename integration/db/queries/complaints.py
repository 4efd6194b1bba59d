"""Complaints, answers and codes, and the sums that limits are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.prepared import prepared
from integration.db.tables import AnswerRow, CodeHolder, CodeRow, ComplaintRow, OrderRow
from integration.domain.errors import NotFound

_COUNTS = ("reserved", "created", "mailed", "redeemed", "expired")


def get(session: Session, shop_id: str, complaint_id: str) -> ComplaintRow:
    """The complaint by our id; `NotFound("no_complaint")` also for another shop's."""
    mine = (ComplaintRow.shop_id == shop_id, ComplaintRow.id == complaint_id)
    found = session.exec(select(ComplaintRow).where(*mine)).first()
    if found is None:
        raise NotFound("no_complaint", complaint=complaint_id[:40])
    return found


def by_number(session: Session, shop_id: str, number: str) -> ComplaintRow | None:
    """The complaint by the number in its mails."""
    mine = (ComplaintRow.shop_id == shop_id, ComplaintRow.number == number)
    return session.exec(select(ComplaintRow).where(*mine)).first()


def of_order(session: Session, shop_id: str, order_id: str) -> Sequence[ComplaintRow]:
    """All complaints about an order, oldest first."""
    return _of_order(session, shop_id, order_id).all()


@prepared
def _of_order(shop_id: str, order_id: str) -> SelectOfScalar[ComplaintRow]:
    mine = (ComplaintRow.shop_id == shop_id, ComplaintRow.order_id == order_id)
    return select(ComplaintRow).where(*mine).order_by(ComplaintRow.id)


def is_open(session: Session, shop_id: str, order_id: str) -> bool:
    """Whether a complaint about an order is not closed yet."""
    return _open(session, shop_id, order_id).first() is not None


@prepared
def _open(shop_id: str, order_id: str) -> SelectOfScalar[str]:
    mine = (ComplaintRow.shop_id == shop_id, ComplaintRow.order_id == order_id)
    return select(ComplaintRow.id).where(*mine, ComplaintRow.state != "closed").limit(1)


def listed(session: Session, shop_id: str | None = None, state: str | None = None) -> Sequence[ComplaintRow]:
    """Complaints for the owner's list, newest first; `shop_id` none means every shop of this installation."""
    query = select(ComplaintRow).order_by(col(ComplaintRow.opened_at).desc())
    if shop_id:
        query = query.where(ComplaintRow.shop_id == shop_id)
    if state:
        query = query.where(ComplaintRow.state == state)
    return session.exec(query).all()


def of_customer_since(session: Session, shop_id: str, customer_key: str, since: datetime) -> Sequence[ComplaintRow]:
    """Complaints of one person since a moment."""
    mine = (
        ComplaintRow.shop_id == shop_id,
        OrderRow.id == ComplaintRow.order_id,
        OrderRow.customer_key == customer_key,
        ComplaintRow.opened_at >= since,
    )
    return session.exec(select(ComplaintRow).where(*mine)).all() if customer_key else ()


def answer(session: Session, shop_id: str, order_id: str) -> AnswerRow | None:
    """What the shopper answered."""
    return _answer(session, shop_id, order_id).first()


@prepared
def _answer(shop_id: str, order_id: str) -> SelectOfScalar[AnswerRow]:
    return select(AnswerRow).where(AnswerRow.shop_id == shop_id, AnswerRow.order_id == order_id)


def code_of_order(session: Session, shop_id: str, order_id: str) -> CodeRow | None:
    """The one code an order may have."""
    mine = (CodeRow.shop_id == shop_id, CodeRow.order_id == order_id)
    return session.exec(select(CodeRow).where(*mine)).first()


def code(session: Session, shop_id: str, code_id: str) -> CodeRow:
    """The code a task names."""
    return session.exec(select(CodeRow).where(CodeRow.shop_id == shop_id, CodeRow.id == code_id)).one()


def codes_given(session: Session, shop_id: str, identities: Iterable[str], since: datetime) -> int:
    """How many codes went to any of these identities since a moment."""
    held = (
        CodeRow.shop_id == shop_id,
        CodeHolder.code_id == CodeRow.id,
        col(CodeHolder.identity).in_(list(identities)),
        CodeRow.reserved_at >= since,
        col(CodeRow.state).in_(_COUNTS),
    )
    return session.exec(select(func.count(func.distinct(CodeRow.id))).where(*held)).one()


def spent_minor(session: Session, shop_id: str, since: datetime) -> int:
    """Minor units at risk in codes since a moment; revoked ones give theirs back."""
    mine = (CodeRow.shop_id == shop_id, CodeRow.reserved_at >= since, col(CodeRow.state).in_(_COUNTS))
    return session.exec(select(func.coalesce(func.sum(CodeRow.at_risk_minor), 0)).where(*mine)).one()


def codes_named(session: Session, shop_id: str, names: Iterable[str]) -> Sequence[CodeRow]:
    """Our codes among the codes an order was paid with, in any case."""
    lowered = [name.lower() for name in names]
    if not lowered:
        return ()
    return session.exec(select(CodeRow).where(CodeRow.shop_id == shop_id, func.lower(CodeRow.code).in_(lowered))).all()
