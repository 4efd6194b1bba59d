"""Hands out links: a row with the digest, a URL with the token, the same URL whenever it is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import links as rows
from integration.db.tables import LinkRow
from integration.flows.services import Services
from integration.links import Purpose, digest, token

_PATHS: dict[Purpose, str] = {"s": "/s/", "r": "/r/", "c": "/c/", "u": "/u/", "o": "/admin/case/"}
_OWNERS_LAST = timedelta(days=60)
"""What a link of the owner opens is a desk without a log-in: it ends, and each new mail about the case prolongs it."""
ORDER_PURPOSES: tuple[Purpose, ...] = ("r", "c", "u")


def give(
    session: Session,
    services: Services,
    shop_id: str,
    purpose: Purpose,
    subject: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """The absolute URL for this purpose and subject, made on first asking; a later `expires_at` counts from then on."""
    if purpose == "o":
        expires_at = now + _OWNERS_LAST
    row = rows.of_subject(session, shop_id, purpose, subject)
    if row is None:
        key_id = services.vault.current
        made = token(services.vault.derive("links", key_id), purpose, shop_id, subject, 1)
        row = LinkRow(
            token_digest=digest(made), shop_id=shop_id, purpose=purpose, subject=subject, key_id=key_id,
            created_at=now, expires_at=expires_at,
        )  # fmt: skip
        session.add(row)
        session.flush()
    elif expires_at and (row.expires_at is None or expires_at > row.expires_at):
        row.expires_at = expires_at
    return url_of(services, row, purpose)


def url_of(services: Services, row: LinkRow, purpose: Purpose) -> str:
    """The URL of a link that was given out: its token is made again from the key it was made with."""
    made = token(services.vault.derive("links", row.key_id), purpose, row.shop_id, row.subject, row.version)
    return services.settings.server.public_url.rstrip("/") + _PATHS[purpose] + made


def order_links(session: Session, services: Services, shop_id: str, order_id: str, now: datetime) -> dict[Purpose, str]:
    """The links that every mail about an order carries: returns, complaint, preferences."""
    given = rows.all_of_subject(session, shop_id, order_id)
    return {
        purpose: url_of(services, given[purpose], purpose)
        if purpose in given
        else give(session, services, shop_id, purpose, order_id, now)
        for purpose in ORDER_PURPOSES
    }


def desk_url(services: Services) -> str:
    """Where the owner logs in."""
    return f"{services.settings.server.public_url.rstrip('/')}/admin/"
