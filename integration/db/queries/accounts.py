"""People of the desk: accounts, invitations, sessions, and tries at their doors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, update
from sqlmodel import Session, col, select

from integration.db.session import lock_named
from integration.db.tables import Account, Attempt, DeskSession, Invitation
from integration.domain.errors import NotFound


def all_accounts(session: Session) -> Sequence[Account]:
    """Everybody, the eldest first."""
    return session.exec(select(Account).order_by(Account.id)).all()


def get(session: Session, account_id: str) -> Account:
    """The account; `NotFound("no_account")`."""
    found = session.exec(select(Account).where(Account.id == account_id)).first()
    if found is None:
        raise NotFound("no_account", email=account_id[:40])
    return found


def by_email(session: Session, email: str) -> Account | None:
    """The account of an address, which is kept in lower case."""
    return session.exec(select(Account).where(Account.email == email)).first()


def names(session: Session, account_ids: Sequence[str]) -> dict[str, str]:
    """How these people are called."""
    found = session.exec(select(Account.id, Account.name).where(col(Account.id).in_(account_ids)))
    return dict(found.all())


def desk_session(session: Session, digest: str) -> DeskSession | None:
    """Who holds this session id."""
    return session.exec(select(DeskSession).where(DeskSession.digest == digest)).first()


def seen(session: Session, digest: str, now: datetime) -> None:
    """The session was used; nothing if it has ended meanwhile."""
    session.execute(update(DeskSession).where(col(DeskSession.digest) == digest).values(seen_at=now))


def close_session(session: Session, digest: str) -> None:
    """Log out whoever holds this session, if anybody does."""
    session.execute(delete(DeskSession).where(col(DeskSession.digest) == digest))


def sessions_open(session: Session, account_id: str) -> int:
    """In how many places this person is logged in."""
    return session.exec(select(func.count()).where(DeskSession.account_id == account_id)).one()


def unchanged(session: Session, known: Account) -> bool:
    """Whether the account still has the password it had when it was read, and is not disabled, until we commit."""
    same = (Account.id == known.id, Account.password_hash == known.password_hash, col(Account.disabled_at).is_(None))
    return session.exec(select(Account.id).where(*same).with_for_update()).first() is not None


def close_sessions(session: Session, account_id: str, but: str = "") -> None:
    """Log this person out everywhere, or everywhere else."""
    session.execute(
        delete(DeskSession).where(col(DeskSession.account_id) == account_id, col(DeskSession.digest) != but)
    )


def invitation(session: Session, digest: str) -> Invitation | None:
    """The invitation of a link, used or not."""
    return session.exec(select(Invitation).where(Invitation.digest == digest)).first()


def use(session: Session, digest: str, now: datetime) -> bool:
    """Use it up; false when another was faster."""
    unused = (col(Invitation.digest) == digest, col(Invitation.used_at).is_(None))
    result = cast("CursorResult[Any]", session.execute(update(Invitation).where(*unused).values(used_at=now)))
    return result.rowcount == 1


def withdraw_unused(session: Session, account_id: str = "") -> None:
    """End the links that nobody has used: those for new people, or those for one person."""
    session.execute(
        delete(Invitation).where(col(Invitation.account_id) == account_id, col(Invitation.used_at).is_(None))
    )


def one_by_one(session: Session) -> None:
    """Tries are counted one after the other, also on PostgreSQL, until the transaction ends."""
    lock_named(session, "tries")


def attempts(session: Session, door: str, who: str, since: datetime) -> Sequence[datetime]:
    """When somebody tried a door lately, oldest first."""
    mine = (Attempt.door == door, Attempt.who == who, Attempt.at > since)
    return session.exec(select(Attempt.at).where(*mine).order_by(col(Attempt.at))).all()


def forget_attempts(session: Session, ids: Sequence[str]) -> None:
    """Tries that were none: the person was who she said."""
    session.execute(delete(Attempt).where(col(Attempt.id).in_(ids)))


def tidy(session: Session, tries_before: datetime, seen_before: datetime, begun_before: datetime) -> None:
    """Tries and sessions that count no more go."""
    session.execute(delete(Attempt).where(col(Attempt.at) < tries_before))
    old = (col(DeskSession.seen_at) < seen_before) | (col(DeskSession.created_at) < begun_before)
    session.execute(delete(DeskSession).where(old))
