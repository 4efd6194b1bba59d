"""Links by the digest of their token."""

from __future__ import annotations

from sqlmodel import Session, select

from integration.db.tables import LinkRow


def by_digest(session: Session, purpose: str, token_digest: str) -> LinkRow | None:
    """The link; its shop is in the row, since the token is all a shopper has."""
    wanted = (LinkRow.token_digest == token_digest, LinkRow.purpose == purpose)
    return session.exec(select(LinkRow).where(*wanted)).first()


def of_subject(session: Session, shop_id: str, purpose: str, subject: str) -> LinkRow | None:
    """The link given out for a purpose and subject."""
    wanted = (LinkRow.shop_id == shop_id, LinkRow.purpose == purpose, LinkRow.subject == subject)
    return session.exec(select(LinkRow).where(*wanted)).first()
