"""Labels and the stock of carrier-issued ones."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.prepared import prepared
from integration.db.tables import LabelRow, ReturnRow, StockLabel


def get(session: Session, label_id: str) -> LabelRow:
    """The label by our id, which only its own flow knows."""
    return session.exec(select(LabelRow).where(LabelRow.id == label_id)).one()


def of_subject(session: Session, shop_id: str, subject: str) -> LabelRow | None:
    """The label made for a follow-up's key."""
    return _of_subject(session, shop_id, subject).first()


@prepared
def _of_subject(shop_id: str, subject: str) -> SelectOfScalar[LabelRow]:
    return select(LabelRow).where(LabelRow.shop_id == shop_id, LabelRow.subject == subject)


def of_order(session: Session, shop_id: str, order_id: str) -> Sequence[LabelRow]:
    """The labels of an order, oldest first."""
    return _of_order(session, shop_id, order_id).all()


@prepared
def _of_order(shop_id: str, order_id: str) -> SelectOfScalar[LabelRow]:
    return select(LabelRow).where(LabelRow.shop_id == shop_id, LabelRow.order_id == order_id).order_by(LabelRow.id)


def stock_of_label(session: Session, label_id: str) -> StockLabel | None:
    """The uploaded PDF that was taken for a label."""
    return session.exec(select(StockLabel).where(StockLabel.label_id == label_id)).first()


def next_stock(session: Session, shop_id: str) -> StockLabel | None:
    """The oldest uploaded PDF nobody has; the caller holds the shop's lock."""
    free = select(StockLabel).where(StockLabel.shop_id == shop_id, col(StockLabel.label_id).is_(None))
    return session.exec(free.order_by(StockLabel.id).limit(1)).first()


def stock_left(session: Session, shop_id: str) -> int:
    """How many uploaded PDFs are free."""
    free = (StockLabel.shop_id == shop_id, col(StockLabel.label_id).is_(None))
    return session.exec(select(func.count(col(StockLabel.id))).where(*free)).one()


def stock_known(session: Session, shop_id: str, sha256: str) -> bool:
    """Whether this very file was uploaded before."""
    same = (StockLabel.shop_id == shop_id, StockLabel.sha256 == sha256)
    return session.exec(select(StockLabel.id).where(*same)).first() is not None


def return_of_order(session: Session, shop_id: str, order_id: str) -> ReturnRow | None:
    """The return the shopper announced."""
    return session.exec(select(ReturnRow).where(ReturnRow.shop_id == shop_id, ReturnRow.order_id == order_id)).first()
