"""What the desk lists page by page: the ids of a page by index alone, shop by shop; then the rows of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from sqlmodel import Session, col, select

from integration.db.queries.lists import CLOSED, NOT_CLOSED, OPEN_MAIL, PREVIEWED
from integration.db.tables import ComplaintRow, MailRow, OrderRow

Shops = Sequence[str]
Order = Callable[[Any], tuple[Any, ...]]
APART = 100  # up to so many shops are asked one by one, in one statement; of more, all rows are sorted


def orders(session: Session, shops: Shops, most: int, skip: int) -> Sequence[OrderRow]:
    """The orders we heard of last."""
    ids = _page(session, _named(OrderRow.id, OrderRow.created_at), col(OrderRow.shop_id), shops, _newest, most, skip)
    rows = {row.id: row for row in session.exec(select(OrderRow).where(col(OrderRow.id).in_(ids)))}
    return [rows[each] for each in ids]


def mails(
    session: Session, shops: Shops, states: Sequence[str], reason: str, most: int, skip: int
) -> Sequence[tuple[MailRow, str | None]]:
    """Mails with their order's number, the newest first; of all states, of some of the open ones, or of a preview.

    `reason` is `preview` for those skipped for it, else empty.
    """
    known = _named(MailRow.id, MailRow.created_at)
    if reason:
        known = known.where(PREVIEWED)
    elif states:
        known = known.where(OPEN_MAIL, col(MailRow.state).in_(states))
    ids = _page(session, known, col(MailRow.shop_id), shops, _newest, most, skip)
    both = select(MailRow, OrderRow.number).join(OrderRow, col(OrderRow.id) == col(MailRow.order_id), isouter=True)
    rows = {mail.id: (mail, number) for mail, number in session.exec(both.where(col(MailRow.id).in_(ids)))}
    return [rows[each] for each in ids]


def cases(
    session: Session, shops: Shops, states: Sequence[str], cause: str, mine: str, most: int, skip: int
) -> Sequence[tuple[ComplaintRow, str]]:
    """Open complaints with their order's number: urgent ones first, then by due time."""
    query = select(ComplaintRow, OrderRow.number).where(
        NOT_CLOSED,
        col(ComplaintRow.shop_id).in_(shops),
        col(ComplaintRow.state).in_(states),
        OrderRow.id == ComplaintRow.order_id,
    )
    if cause:
        query = query.where(ComplaintRow.cause == cause)
    if mine:
        query = query.where(ComplaintRow.assignee == mine)
    urgent = sql.case((col(ComplaintRow.severity) == "urgent", 0), else_=1)
    return session.exec(
        query.order_by(urgent, col(ComplaintRow.due_at), col(ComplaintRow.id)).offset(skip).limit(most)
    ).all()


def closed_cases(
    session: Session, shops: Shops, cause: str, most: int, skip: int
) -> Sequence[tuple[ComplaintRow, str]]:
    """Closed complaints with their order's number, the last closed first."""
    known = _named(ComplaintRow.id, ComplaintRow.closed_at).where(CLOSED)
    if cause:
        known = known.where(col(ComplaintRow.cause) == cause)
    ids = _page(session, known, col(ComplaintRow.shop_id), shops, lambda row: (row.at.desc(), row.id), most, skip)
    both = select(ComplaintRow, OrderRow.number).where(
        OrderRow.id == ComplaintRow.order_id, col(ComplaintRow.id).in_(ids)
    )
    rows = {case.id: (case, number) for case, number in session.exec(both)}
    return [rows[each] for each in ids]


def _named(row_id: str, at: datetime | None) -> sql.Select[Any]:
    """What a page is sorted by, under the names that an `Order` knows."""
    columns: tuple[Any, ...] = (col(row_id).label("id"), col(at).label("at"))
    return sql.select(*columns)


def _newest(row: Any) -> tuple[Any, ...]:
    return row.at.desc(), row.id.desc()


def _page(
    session: Session, known: sql.Select[Any], shop: Any, shops: Shops, order: Order, most: int, skip: int
) -> Sequence[str]:
    """The ids of one page, in order. An index that begins with the shop is in order for one shop only."""
    if 1 < len(shops) <= APART:
        arms = [_sorted(known.where(shop == each), order).limit(skip + most).subquery() for each in shops]
        asked: sql.Select[Any] = sql.select(sql.union_all(*(sql.select(arm) for arm in arms)).subquery())
    else:
        asked = known.where(shop.in_(shops))
    return session.scalars(_sorted(asked, order).offset(skip).limit(most)).all()


def _sorted(query: sql.Select[Any], order: Order) -> sql.Select[Any]:
    return query.order_by(*order(query.selected_columns))
