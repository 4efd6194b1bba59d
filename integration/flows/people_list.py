"""Everybody who may sit at the desk, for owners: who there is, one more, one less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from integration.db.queries import accounts as rows
from integration.db.queries import shops
from integration.domain.errors import BadForm
from integration.flows import accounts
from integration.flows.accounts import ROLES
from integration.flows.services import Services


@dataclass(frozen=True, slots=True)
class Colleague:
    """An account; `shops` names those she sees, none named means all."""

    id: str
    name: str
    email: str
    role: str
    shops: tuple[str, ...]
    since: datetime
    disabled: bool


def listed(services: Services) -> tuple[Colleague, ...]:
    """The eldest first."""
    with services.db.reading() as session:
        names = {shop.id: shop.name for shop in shops.all_shops(session)}
        return tuple(
            Colleague(
                one.id, one.name, one.email, one.role, tuple(names[shop] for shop in one.shops if shop in names),
                one.created_at, one.disabled_at is not None,
            )
            for one in rows.all_accounts(session)
        )  # fmt: skip


def invite(services: Services, role: str, shop: str) -> str:
    """A one-time link for a colleague; an agent may be invited for one shop. `BadForm("bad_choice")`."""
    if role not in ROLES:
        raise BadForm("bad_choice", field="role")
    with services.db.writing() as session:
        names = {one.id: one.name for one in shops.all_shops(session)}
        if shop and shop not in names:
            raise BadForm("bad_choice", field="shop")
        return accounts.invite(session, services, role, (names[shop],) if shop else ())


def disable(services: Services, account_id: str) -> None:
    """Shut somebody out; `NotFound`, `Conflict("last_owner")`."""
    with services.db.reading() as session:
        email = rows.get(session, account_id).email
    accounts.disable(services, email)
