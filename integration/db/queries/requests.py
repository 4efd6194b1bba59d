"""Requests about people: the record of who asked for what, without a name once it is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from integration.db.care_tables import PrivacyRequest


def get(session: Session, shop_id: str, request_id: str) -> PrivacyRequest:
    """The request a task names."""
    mine = (PrivacyRequest.shop_id == shop_id, PrivacyRequest.id == request_id)
    return session.exec(select(PrivacyRequest).where(*mine)).one()


def listed(session: Session) -> Sequence[PrivacyRequest]:
    """All of them, the newest first."""
    return session.exec(select(PrivacyRequest).order_by(col(PrivacyRequest.id).desc())).all()


def exports_of(session: Session, shop_id: str, digests: Collection[str]) -> Sequence[PrivacyRequest]:
    """Where what was written about a person lies; about everybody of the shop when no digest is given."""
    written = select(PrivacyRequest).where(PrivacyRequest.shop_id == shop_id, PrivacyRequest.files != "")
    if digests:
        written = written.where(col(PrivacyRequest.person).in_(digests))
    return session.exec(written).all()


def written_before(session: Session, at: datetime) -> Sequence[PrivacyRequest]:
    """Requests whose files are old."""
    return session.exec(
        select(PrivacyRequest).where(PrivacyRequest.files != "", col(PrivacyRequest.done_at) < at)
    ).all()


def overdue(session: Session, before: datetime) -> Sequence[PrivacyRequest]:
    """Requests that are open for longer."""
    late = (PrivacyRequest.state == "open", PrivacyRequest.asked_at < before)
    return session.exec(select(PrivacyRequest).where(*late).order_by(PrivacyRequest.id)).all()
