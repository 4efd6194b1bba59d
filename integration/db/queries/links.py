"""Links by the digest of their token."""

from __future__ import annotations

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.prepared import prepared
from integration.db.tables import LinkRow


def by_digest(session: Session, purpose: str, token_digest: str) -> LinkRow | None:
    """The link; its shop is in the row, since the token is all a shopper has."""
    wanted = (LinkRow.token_digest == token_digest, LinkRow.purpose == purpose)
    return session.exec(select(LinkRow).where(*wanted)).first()


def all_of_subject(session: Session, shop_id: str, subject: str) -> dict[str, LinkRow]:
    """The links given out for a subject, by purpose."""
    return {row.purpose: row for row in _all_of_subject(session, shop_id, subject)}


@prepared
def _all_of_subject(shop_id: str, subject: str) -> SelectOfScalar[LinkRow]:
    purposes = ("c", "o", "r", "s", "u")  # all there are, named for the index
    return select(LinkRow).where(
        LinkRow.shop_id == shop_id, col(LinkRow.purpose).in_(purposes), LinkRow.subject == subject
    )


def of_subject(session: Session, shop_id: str, purpose: str, subject: str) -> LinkRow | None:
    """The link given out for a purpose and subject."""
    return _of_subject(session, shop_id, purpose, subject).first()


@prepared
def _of_subject(shop_id: str, purpose: str, subject: str) -> SelectOfScalar[LinkRow]:
    wanted = (LinkRow.shop_id == shop_id, LinkRow.purpose == purpose, LinkRow.subject == subject)
    return select(LinkRow).where(*wanted)
