"""The rows behind the five numbers, as plain columns: one statement each, whatever the number of orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from integration.db.tables import AnswerRow, CodeRow, ComplaintRow, HistoryRow, MailRow, OrderRow

Shops = Sequence[str]


def _within(column: datetime | None, start: datetime, end: datetime) -> ColumnElement[bool]:
    return (col(column) >= start) & (col(column) < end)


def delivered(session: Session, shops: Shops, start: datetime, end: datetime) -> int:
    """How many orders arrived."""
    mine = (col(OrderRow.shop_id).in_(shops), _within(OrderRow.delivered_at, start, end))
    return session.exec(select(func.count(col(OrderRow.id))).where(*mine)).one()


def _opened(shops: Shops, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(ComplaintRow.shop_id).in_(shops), _within(ComplaintRow.opened_at, start, end)


def complaints(session: Session, shops: Shops, start: datetime, end: datetime) -> Sequence[tuple[str, str, datetime]]:
    """Id, cause and moment of every complaint opened."""
    mine = select(ComplaintRow.id, ComplaintRow.cause, ComplaintRow.opened_at).where(*_opened(shops, start, end))
    return session.exec(mine.order_by(ComplaintRow.id)).all()


def steps(session: Session, shops: Shops, start: datetime, end: datetime) -> Sequence[HistoryRow]:
    """What happened to the complaints opened, in order."""
    theirs = (HistoryRow.subject == ComplaintRow.id, HistoryRow.shop_id == ComplaintRow.shop_id)
    query = select(HistoryRow).where(*theirs, *_opened(shops, start, end))
    return session.exec(query.order_by(col(HistoryRow.id))).all()


def told(
    session: Session, shops: Shops, start: datetime, end: datetime
) -> Sequence[tuple[str | None, datetime | None]]:
    """When a decision about one of the complaints opened was mailed."""
    mails = (
        MailRow.complaint_id == ComplaintRow.id,
        MailRow.shop_id == ComplaintRow.shop_id,
        col(MailRow.kind).in_(("decision", "discount_code")),
        col(MailRow.sent_at).is_not(None),
    )
    return session.exec(select(MailRow.complaint_id, MailRow.sent_at).where(*mails, *_opened(shops, start, end))).all()


def scores(session: Session, shops: Shops, start: datetime, end: datetime) -> Sequence[int]:
    """Every score that was sent."""
    mine = (col(AnswerRow.shop_id).in_(shops), _within(AnswerRow.answered_at, start, end))
    return session.exec(select(AnswerRow.score).where(*mine)).all()


def surveys(session: Session, shops: Shops, start: datetime, end: datetime) -> tuple[int, int]:
    """How many surveys the mail server took, and how many of those were answered."""
    mailed = select(func.count(col(MailRow.id)), func.count(col(AnswerRow.id))).join(
        AnswerRow, col(AnswerRow.order_id) == col(MailRow.order_id), isouter=True
    )
    mine = (col(MailRow.shop_id).in_(shops), MailRow.kind == "survey", _within(MailRow.sent_at, start, end))
    return session.exec(mailed.where(*mine)).one()


def codes(session: Session, shops: Shops, start: datetime, end: datetime) -> tuple[int, int]:
    """How many of the codes set aside reached their people, and how many of those were used."""
    given = col(CodeRow.state).in_(("mailed", "redeemed", "expired"))
    mine = (col(CodeRow.shop_id).in_(shops), _within(CodeRow.reserved_at, start, end), given)
    counted = select(func.count(col(CodeRow.id)), func.count(col(CodeRow.id)).filter(col(CodeRow.used_by) != ""))
    return session.exec(counted.where(*mine)).one()


def buyers(
    session: Session, shops: Shops, start: datetime, end: datetime
) -> Sequence[tuple[str, str, datetime | None, datetime | None]]:
    """Per person with a delivery: shop, key, the first delivery, and when she next placed an order, if ever."""
    arrived = (
        select(
            col(OrderRow.shop_id).label("shop"),
            col(OrderRow.customer_key).label("who"),
            func.min(OrderRow.delivered_at).label("at"),
        )
        .where(
            col(OrderRow.shop_id).in_(shops), _within(OrderRow.delivered_at, start, end), OrderRow.customer_key != ""
        )
        .group_by(col(OrderRow.shop_id), col(OrderRow.customer_key))
        .subquery()
    )
    again = (
        (col(OrderRow.shop_id) == arrived.c.shop)
        & (col(OrderRow.customer_key) == arrived.c.who)
        & (col(OrderRow.placed_at) > arrived.c.at)
        & (col(OrderRow.state) != "cancelled")
    )
    query = (
        select(arrived.c.shop, arrived.c.who, arrived.c.at, func.min(OrderRow.placed_at))
        .join(OrderRow, again, isouter=True)
        .group_by(arrived.c.shop, arrived.c.who, arrived.c.at)
    )
    return session.exec(query).all()


def complainers(session: Session, shops: Shops, since: datetime) -> Sequence[tuple[str, str, str]]:
    """Shop, person and state of every complaint since a moment."""
    mine = (
        col(ComplaintRow.shop_id).in_(shops),
        ComplaintRow.opened_at >= since,
        OrderRow.id == ComplaintRow.order_id,
        OrderRow.shop_id == ComplaintRow.shop_id,
    )
    return session.exec(select(OrderRow.shop_id, OrderRow.customer_key, ComplaintRow.state).where(*mine)).all()


def answerers(session: Session, shops: Shops, since: datetime) -> Sequence[tuple[str, str]]:
    """Shop and person of every answer since a moment."""
    mine = (
        col(AnswerRow.shop_id).in_(shops),
        AnswerRow.answered_at >= since,
        OrderRow.id == AnswerRow.order_id,
        OrderRow.shop_id == AnswerRow.shop_id,
    )
    return session.exec(select(OrderRow.shop_id, OrderRow.customer_key).where(*mine)).all()
