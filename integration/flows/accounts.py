"""Who may sit at the desk: invited once, logged in by password, known by a session kept here (D8)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from integration import logs, passwords
from integration.db.queries import accounts as rows
from integration.db.queries import shops
from integration.db.tables import Account, DeskSession, Invitation
from integration.domain.errors import BadForm, Conflict, Gone, NotFound
from integration.domain.ids import new_id
from integration.flows.limits import Limit, admit, caller
from integration.flows.services import Services
from integration.i18n import LANGUAGES
from integration.links import digest

Role = Literal["owner", "agent"]
ROLES: tuple[Role, ...] = ("owner", "agent")
INVITED = timedelta(hours=24)
IDLE, LONGEST = timedelta(hours=12), timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
NAME_MAX, EMAIL_MAX = 80, 254
_QUARTER, _HOUR, _MINUTE = timedelta(minutes=15), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in; `shops` are the ids of all she may see, `zone` that of the first one."""

    id: str
    name: str
    email: str
    role: str
    shops: tuple[str, ...]
    locale: str
    zone: str
    session: str = ""

    @property
    def owns(self) -> bool:
        """Whether shops, policy and people are hers to change."""
        return self.role == "owner"


def invite(session: Session, services: Services, role: str, names: tuple[str, ...] = (), account_id: str = "") -> str:
    """The address of a link that makes one account within 24 hours, or gives `account_id` a new password.

    `names` are the shops an agent will see; none means all there are and will be, as owners do.
    """
    now, token = services.clock(), secrets.token_urlsafe(16)
    ids = [shops.shop_by_name(session, name).id for name in names if role != "owner"]
    session.add(
        Invitation(
            digest=digest(token), account_id=account_id, role=role, shops=ids, created_at=now, expires_at=now + INVITED
        )
    )
    return f"{services.settings.server.public_url.rstrip('/')}/admin/welcome/{token}"


def setup_link(services: Services) -> str:
    """The first link for a desk that nobody has an account for; empty once somebody has. Earlier ones end."""
    with services.db.writing() as session:
        if rows.all_accounts(session):
            return ""
        rows.withdraw_unused(session)
        return invite(session, services, "owner")


def reset_link(services: Services, email: str) -> str:
    """A link by which this person sets a new password; `NotFound("no_account")`."""
    with services.db.writing() as session:
        account = _account(session, email)
        rows.withdraw_unused(session, account.id)
        return invite(session, services, account.role, account_id=account.id)


def invited(services: Services, token: str) -> str:
    """The address the link is for, empty for a new person; `NotFound("no_link")`, `Gone("link_expired")`."""
    with services.db.reading() as session:
        row = _open_invitation(session, token, services.clock())
        return rows.get(session, row.account_id).email if row.account_id else ""


def welcome(services: Services, token: str, form: Mapping[str, str], locale: str) -> str:
    """Use the link: fields `name`, `email`, `password`; logs her in and gives the session id. `BadForm`, `Conflict`."""
    now = services.clock()
    with services.db.reading() as session:
        row = _open_invitation(session, token, now)
        known = rows.get(session, row.account_id) if row.account_id else None
    name = known.name if known else _named(form)
    email = known.email if known else _addressed(form)
    kept = _new_password(form, email, name)
    with services.db.writing() as session:
        if not rows.use(session, row.digest, now):
            raise Conflict("link_used")
        if known:
            account = rows.get(session, known.id)
            account.password_hash, account.disabled_at = kept, None
            rows.close_sessions(session, account.id)
        else:
            account = _keep(session, row, name, email, kept, locale, now)
        logs.security("invitation_used", account=account.id, role=account.role)
        return _begin(session, account, now)


def _keep(session: Session, row: Invitation, name: str, email: str, kept: str, locale: str, now: datetime) -> Account:
    if rows.by_email(session, email) is not None:
        raise BadForm("email_taken", field="email")
    account = Account(
        id=new_id("account", now), email=email, name=name, password_hash=kept, role=row.role, shops=list(row.shops),
        locale=locale, created_at=now,
    )  # fmt: skip
    session.add(account)
    session.flush()
    return account


def _open_invitation(session: Session, token: str, now: datetime) -> Invitation:
    row = rows.invitation(session, digest(token))
    if row is None:
        raise NotFound("no_link")
    if row.used_at or row.expires_at < now:
        raise Gone("link_expired")
    return row


def log_in(services: Services, form: Mapping[str, str], address: str, before: str = "") -> str:
    """A new session for fields `email` and `password`; `BadForm("login_wrong")`, `TooMany("too_many_tries")`.

    A wrong address and a wrong password look and last alike. Only wrong tries count. `before` is the session that this
    browser still holds: it ends.
    """
    now, email = services.clock(), form.get("email", "").strip().lower()[:EMAIL_MAX]
    limits = (
        Limit("login_from", caller(address), 10, _QUARTER),
        Limit("login_as", email, 20, _HOUR),
        Limit("login", "", 300, _MINUTE),
    )
    with services.db.marking() as session:
        rows.one_by_one(session)
        tries = admit(session, services, limits, now)
        account = rows.by_email(session, email)
    right = passwords.matches(account.password_hash if account else "", form.get("password", ""))
    if account is None or account.disabled_at or not right:
        logs.security("login_failed", account=account.id if account else "nobody")
        raise BadForm("login_wrong", field="password")
    with services.db.marking() as session:
        if not rows.unchanged(session, account):  # a new password was set while the old one was looked at
            raise BadForm("login_wrong", field="password")
        rows.forget_attempts(session, tries)
        rows.close_session(session, digest(before))
        logs.security("logged_in", account=account.id)
        return _begin(session, account, now)


def _begin(session: Session, account: Account, now: datetime) -> str:
    made = secrets.token_urlsafe(16)
    session.add(DeskSession(digest=digest(made), account_id=account.id, created_at=now, seen_at=now))
    return made


def person(services: Services, session_id: str) -> Person | None:
    """Who holds this session, if it is neither too old, idle for too long, nor of somebody disabled."""
    if not session_id:
        return None
    now = services.clock()
    with services.db.reading() as session:
        row = rows.desk_session(session, digest(session_id))
        if row is None or now - row.seen_at > IDLE or now - row.created_at > LONGEST:
            return None
        account = rows.get(session, row.account_id)
        if account.disabled_at:
            return None
        found = _person(session, services, account, row.digest)
    if now - row.seen_at > SEEN_EVERY:
        with services.db.marking() as session:
            rows.seen(session, row.digest, now)
    return found


def _person(session: Session, services: Services, account: Account, session_digest: str) -> Person:
    mine = [shop for shop in shops.all_shops(session) if not account.shops or shop.id in account.shops]
    return Person(
        id=account.id,
        name=account.name,
        email=account.email,
        role=account.role,
        shops=tuple(shop.id for shop in mine),
        locale=account.locale,
        zone=mine[0].zone if mine else services.settings.shop.zone,
        session=session_digest,
    )


def log_out(services: Services, who: Person, *, others: bool = False) -> None:
    """End this session, or all her sessions but this one."""
    logs.security("logged_out", account=who.id, others=others)
    with services.db.marking() as session:
        if others:
            rows.close_sessions(session, who.id, but=who.session)
        else:
            rows.close_session(session, who.session)


def places(services: Services, who: Person) -> int:
    """In how many places she is logged in."""
    with services.db.reading() as session:
        return rows.sessions_open(session, who.id)


def change(services: Services, who: Person, form: Mapping[str, str]) -> None:
    """Her own name, language and, with `old` and `password`, password; a new password ends her other sessions."""
    name, locale = _named(form), form.get("locale", "")
    if locale not in LANGUAGES:
        raise BadForm("bad_choice", field="locale")
    kept, proved = "", None
    if form.get("password"):
        proved = _prove(services, who, form.get("old", ""))
        kept = _new_password(form, who.email, name)
    with services.db.writing() as session:
        if proved and not rows.unchanged(session, proved):
            raise BadForm("password_wrong", field="old")
        account = rows.get(session, who.id)
        account.name, account.locale = name, locale
        if kept:
            account.password_hash = kept
            rows.close_sessions(session, who.id, but=who.session)
            logs.security("password_changed", account=who.id)


def _prove(services: Services, who: Person, old: str) -> Account:
    """That she knows the password of this account; only wrong tries count."""
    with services.db.marking() as session:
        rows.one_by_one(session)
        tries = admit(session, services, (Limit("password", who.id, 10, _QUARTER),), services.clock())
        account = rows.get(session, who.id)
    if not passwords.matches(account.password_hash, old):
        raise BadForm("password_wrong", field="old")
    with services.db.marking() as session:
        rows.forget_attempts(session, tries)
    return account


def disable(services: Services, email: str) -> None:
    """Nobody gets in by this account any more, nor stays in; the last owner cannot be shut out."""
    now = services.clock()
    with services.db.writing() as session:
        account = _account(session, email)
        owners = [one for one in rows.all_accounts(session) if one.role == "owner" and not one.disabled_at]
        if [one.id for one in owners] == [account.id]:
            raise Conflict("last_owner", email=account.email)
        account.disabled_at = account.disabled_at or now
        rows.close_sessions(session, account.id)
        rows.withdraw_unused(session, account.id)
        if account.role == "owner":
            rows.withdraw_unused(session)  # links for new people, of which she may have kept one
        logs.security("account_disabled", account=account.id)


def tidy(session: Session, now: datetime) -> None:
    """Tries and sessions that count no more go."""
    rows.tidy(session, now - timedelta(days=1), now - IDLE, now - LONGEST)


def _account(session: Session, email: str) -> Account:
    found = rows.by_email(session, email.strip().lower())
    if found is None:
        raise NotFound("no_account", email=email[:60])
    return found


def _named(form: Mapping[str, str]) -> str:
    name = form.get("name", "").strip()
    if not name or len(name) > NAME_MAX:
        raise BadForm("name_missing", field="name")
    return name


def _addressed(form: Mapping[str, str]) -> str:
    email = form.get("email", "").strip().lower()
    user, at, host = email.rpartition("@")
    if not (user and at and "." in host) or len(email) > EMAIL_MAX or any(sign.isspace() for sign in email):
        raise BadForm("email_wrong", field="email")
    return email


def _new_password(form: Mapping[str, str], email: str, name: str) -> str:
    password = form.get("password", "")
    weak = passwords.weakness(password, email, name)
    if weak:
        raise BadForm(weak, field="password", shortest=passwords.SHORTEST, longest=passwords.LONGEST)
    return passwords.hashed(password)
