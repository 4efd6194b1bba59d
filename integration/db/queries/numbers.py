"""The facts behind the five numbers: summed up by the database, one statement each, which is built only once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sql
from sqlalchemy import ColumnElement, Select, Subquery, bindparam, case, func, literal
from sqlmodel import Session, col

from integration.db.tables import AnswerRow, CodeRow, ComplaintRow, HistoryRow, MailRow, OrderRow

Shops = Sequence[str]
Query = Select[*tuple[Any, ...]]
SILENT, ANSWERED, RESOLVED, UNRESOLVED = range(4)
"""What somebody told us, the gravest last."""


def delivered(session: Session, shops: Shops, start: datetime, end: datetime) -> int:
    """How many orders arrived."""
    [[count]] = _asked(session, _delivered(), shops, start, end)
    return int(count)


def scores(session: Session, shops: Shops, start: datetime, end: datetime) -> dict[int, int]:
    """How often each score was sent."""
    return dict(_asked(session, _scores(), shops, start, end))


def surveys(session: Session, shops: Shops, start: datetime, end: datetime) -> tuple[int, int]:
    """How many surveys the mail server took, and how many of those were answered."""
    [[mailed, answered]] = _asked(session, _surveys(), shops, start, end)
    return mailed, answered


def codes(session: Session, shops: Shops, start: datetime, end: datetime) -> tuple[int, int]:
    """How many of the codes set aside reached their people, and how many of those were used."""
    [[given, used]] = _asked(session, _codes(), shops, start, end)
    return given, used


class Course(NamedTuple):
    """What became of a complaint: when each thing happened first, or last; `told` is the first mail since `decided`."""

    cause: str
    opened: datetime
    acknowledged: datetime | None
    replied: datetime | None
    decided: datetime | None
    closed: datetime | None
    closed_last: datetime | None
    reopened_last: datetime | None
    told: datetime | None


def courses(session: Session, shops: Shops, start: datetime, end: datetime) -> list[Course]:
    """Every complaint opened, in order."""
    return [Course(*row) for row in _asked(session, _courses(), shops, start, end)]


def returned(session: Session, shops: Shops, start: datetime, end: datetime, days: int) -> list[tuple[int, int, int]]:
    """People with a delivery, by what they told us since `start` (`SILENT` to `UNRESOLVED`): all, and who came back.

    Somebody came back who placed an order after the first of these deliveries and at most `days` times 24 hours later.
    """
    query = _returned(days, session.get_bind().dialect.name, several=len(shops) > 1)
    return [(told, count, back) for told, count, back in _asked(session, query, shops, start, end)]


def _asked(
    session: Session, query: Select[*tuple[Any, ...]], shops: Shops, start: datetime, end: datetime
) -> Sequence[Any]:
    return session.execute(query, {"shops": list(shops), "start": start, "end": end}).all()


# -- the statements ------------------------------------------------------------------------------------


def _within(shop: str, at: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Of these shops and in this time."""
    return _since(shop, at), col(at) < bindparam("end")


def _since(shop: str, at: datetime | None) -> ColumnElement[bool]:
    return _of_shops(shop) & (col(at) >= bindparam("start"))


def _of_shops(shop: str) -> ColumnElement[bool]:
    return col(shop).in_(bindparam("shops", expanding=True))


@cache
def _delivered() -> Query:
    mine = _within(OrderRow.shop_id, OrderRow.delivered_at)
    return sql.select(func.count()).select_from(OrderRow).where(*mine)


@cache
def _scores() -> Query:
    mine = _within(AnswerRow.shop_id, AnswerRow.answered_at)
    return sql.select(col(AnswerRow.score), func.count()).where(*mine).group_by(col(AnswerRow.score))


@cache
def _surveys() -> Query:
    mine = _within(MailRow.shop_id, MailRow.sent_at)
    answer = sql.select(col(AnswerRow.order_id)).where(col(AnswerRow.order_id) == col(MailRow.order_id))
    mailed = sql.select(func.count(), func.count(answer.scalar_subquery())).select_from(MailRow)
    return mailed.where(*mine, col(MailRow.kind) == "survey")


@cache
def _codes() -> Query:
    mine = _within(CodeRow.shop_id, CodeRow.reserved_at)
    used = func.count().filter(col(CodeRow.used_by) != "")
    given = sql.select(func.count(), used).select_from(CodeRow)
    return given.where(*mine, col(CodeRow.state).in_(("mailed", "redeemed", "expired")))


@cache
def _courses() -> Query:
    moved = _moved()
    told = sql.select(func.min(MailRow.sent_at)).where(
        col(MailRow.complaint_id) == moved.c.id,
        col(MailRow.shop_id) == moved.c.shop,
        col(MailRow.kind).in_(("decision", "discount_code")),
        col(MailRow.sent_at) >= moved.c.decided,
    )
    columns = [moved.c[name] for name in Course._fields[:-1]]
    return sql.select(*columns, told.scalar_subquery()).order_by(moved.c.id)


def _moved() -> Subquery:
    """The complaints opened, with the moments of their history that count."""
    to, first, last = col(HistoryRow.to_state), func.min(HistoryRow.at), func.max(HistoryRow.at)
    by_a_person = (col(HistoryRow.reason) == "first_human_reply") | (
        (col(HistoryRow.actor) == "owner") & (to == "decided")
    )  # the shopper heard from a person: her words, or her decision
    reopened = (col(HistoryRow.from_state) == "closed") & (to == "in_progress")
    columns: tuple[Any, ...] = (
        col(ComplaintRow.id),
        col(ComplaintRow.shop_id).label("shop"),
        col(ComplaintRow.cause),
        col(ComplaintRow.opened_at).label("opened"),
        first.filter(to == "acknowledged").label("acknowledged"),
        first.filter(by_a_person).label("replied"),
        first.filter(to == "decided").label("decided"),
        first.filter(to == "closed").label("closed"),
        last.filter(to == "closed").label("closed_last"),
        last.filter(reopened).label("reopened_last"),
    )
    theirs = (col(HistoryRow.subject) == col(ComplaintRow.id)) & (col(HistoryRow.shop_id) == col(ComplaintRow.shop_id))
    query = sql.select(*columns).join(HistoryRow, theirs, isouter=True)
    mine = _within(ComplaintRow.shop_id, ComplaintRow.opened_at)
    return query.where(*mine).group_by(col(ComplaintRow.id)).subquery("moved")


@cache
def _returned(days: int, engine: str, *, several: bool) -> Query:
    arrived, said = _arrived(several), _said(several)
    again = sql.select(col(OrderRow.id)).where(
        col(OrderRow.shop_id) == arrived.c.shop if several else _of_shops(OrderRow.shop_id),
        col(OrderRow.customer_key) == arrived.c.who,
        col(OrderRow.placed_at) > arrived.c.at,
        col(OrderRow.placed_at) <= _later(arrived.c.at, days, engine),
        col(OrderRow.state) != "cancelled",
    )
    told = func.coalesce(said.c.told, SILENT)
    came_back = func.sum(case((again.exists(), 1), else_=0))
    hers = sql.and_(*(said.c[name] == arrived.c[name] for name in _person(several)))
    query = sql.select(told, func.count(), came_back).select_from(arrived).join(said, hers, isouter=True)
    return query.group_by(told)


def _person(several: bool) -> tuple[str, ...]:
    """What tells people apart; of one shop her key alone does, and sorting people by both takes twice as long."""
    return ("shop", "who") if several else ("who",)


def _arrived(several: bool) -> Subquery:
    """Who had a delivery in the time, and when she had the first."""
    mine = (*_within(OrderRow.shop_id, OrderRow.delivered_at), col(OrderRow.customer_key) != "")
    named: dict[str, Any] = {"shop": col(OrderRow.shop_id), "who": col(OrderRow.customer_key)}
    person: tuple[Any, ...] = tuple(named[name].label(name) for name in _person(several))
    first = func.min(OrderRow.delivered_at).label("at")
    return sql.select(*person, first).where(*mine).group_by(*person).subquery("arrived")


def _said(several: bool) -> Subquery:
    """The gravest of what each person told since the start."""
    solved = col(ComplaintRow.state).in_(("decided", "closed"))
    told = case((solved, RESOLVED), else_=UNRESOLVED).label("told")
    answered: tuple[Any, ...] = (
        col(AnswerRow.shop_id).label("shop"),
        _who(AnswerRow.order_id),
        literal(ANSWERED).label("told"),
    )
    complained: tuple[Any, ...] = (col(ComplaintRow.shop_id).label("shop"), _who(ComplaintRow.order_id), told)
    told_by = sql.union_all(
        sql.select(*answered).where(_since(AnswerRow.shop_id, AnswerRow.answered_at)),
        sql.select(*complained).where(_since(ComplaintRow.shop_id, ComplaintRow.opened_at)),
    ).subquery()
    both = sql.select(told_by).offset(0).subquery()  # a fence: else SQLite looks a person up for each use of her name
    person = [both.c[name] for name in _person(several)]
    return sql.select(*person, func.max(both.c.told).label("told")).group_by(*person).subquery("said")


def _who(order_id: str) -> Any:
    """Whose order it is, looked up for each: PostgreSQL might do a join by reading all orders there are."""
    return (
        sql.select(col(OrderRow.customer_key)).where(col(OrderRow.id) == col(order_id)).scalar_subquery().label("who")
    )


def _later(at: ColumnElement[Any], days: int, engine: str) -> ColumnElement[Any]:
    """A moment whole days later, to the microsecond; SQLite's own functions round to thousandths."""
    if engine == "sqlite":
        return func.date(at, f"+{days} days").concat(func.substr(at, 11))
    return at + func.make_interval(0, 0, 0, 0, 24 * days)  # in hours: a day of a zone may have 25
