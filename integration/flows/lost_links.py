"""Who lost her mail has its links sent again, to the order's own address; nobody learns whether there is one (D7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from integration import logs
from integration.db.queries import accounts, orders
from integration.db.queries import mails as mail_rows
from integration.db.queries import shops as rows
from integration.db.tables import Shop
from integration.domain.errors import BadForm, NotFound
from integration.domain.ids import new_id
from integration.flows import mails
from integration.flows.limits import Limit, admit, caller
from integration.flows.people import digest
from integration.flows.services import Services
from integration.rules.compensation import identity_keys

NUMBER_MAX, EMAIL_MAX = 60, 254
SOON = timedelta(seconds=30)  # so that the mail's own work falls into no answer, whose length would tell
_MINUTE, _QUARTER, _HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LostLinks:
    """The shop whose page it is, and its language."""

    shop_name: str
    locale: str


def page(services: Services, shop_id: str) -> LostLinks:
    """Whose page this is; `NotFound("no_shop")`."""
    with services.db.reading() as session:
        shop = _shop(session, shop_id)
        return LostLinks(shop.name, shop.locale)


def url(services: Services, shop_id: str) -> str:
    """The address of the page, for the shop to show."""
    return f"{services.settings.server.public_url.rstrip('/')}/find/{shop_id}"


def ask(services: Services, shop_id: str, form: Mapping[str, str], address: str) -> None:
    """Mail the links of the order with fields `number` and `email`, once an hour, if there is one; say nothing of it.

    `BadForm` for what can be neither, `TooMany("too_many_tries")`, `NotFound("no_shop")`.
    """
    number, email = _number(form), _email(form)
    now = services.clock()
    limits = (
        Limit("links_from", caller(address), 5, _QUARTER),
        Limit(f"links_of:{shop_id}", number.casefold(), 10, _HOUR),
        Limit("links_to", email, 20, _HOUR),
        Limit("links", "", 300, _MINUTE),
    )
    with services.db.writing_for(lambda session: _shop(session, shop_id).id) as session:
        accounts.one_by_one(session)
        admit(session, services, limits, now)
        _post(session, services, _shop(session, shop_id), number, email)
    logs.security("links_asked", shop=shop_id)


def _post(session: Session, services: Services, shop: Shop, number: str, email: str) -> None:
    """The same statements whether there is such an order or not: where there is none, its mail is taken back."""
    now, person = services.clock(), digest(shop.id, email)
    order_id = orders.called(session, shop.id, number, person)
    key = f"links:{order_id}:{now:%Y%m%d%H}"
    wanted = mail_rows.by_key(session, shop.id, key) is None and order_id is not None
    with session.begin_nested() as kept:
        own = key if wanted else new_id("links", now)
        mails.queue(session, services, shop, "links", own, now, order_id=order_id, due_at=now + SOON)
        session.flush()
        if not wanted:
            kept.rollback()


def _shop(session: Session, shop_id: str) -> Shop:
    found = rows.find(session, shop_id)
    if found is None:
        raise NotFound("no_shop", shop=shop_id[:40])
    return found


def _number(form: Mapping[str, str]) -> str:
    number = form.get("number", "").strip().removeprefix("#").strip()
    if not number or len(number) > NUMBER_MAX:
        raise BadForm("order_missing", field="number")
    return number


def _email(form: Mapping[str, str]) -> str:
    """As people are known again by, so that her spelling does not matter."""
    typed = form.get("email", "").strip()
    keys = identity_keys(typed, "", "")
    if not keys or len(typed) > EMAIL_MAX or any(sign.isspace() for sign in typed):
        raise BadForm("email_wrong", field="email")
    return keys[0]
