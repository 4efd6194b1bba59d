"""A shopper (or the owner) opens a link: who that is, and what every page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from integration.db.queries import complaints, links, orders, shops
from integration.db.tables import LinkRow, OrderRow
from integration.domain.errors import Gone, NotFound
from integration.flows import linking
from integration.flows.known import language_of
from integration.flows.services import Services
from integration.flows.shops import zone_of
from integration.links import Purpose, digest
from integration.settings import ContactPerson


@dataclass(frozen=True, slots=True)
class Visit:
    """The shop and order behind a link; `links` are the shopper's other pages by purpose, as absolute URLs.

    `order_language` is what the order itself names, empty where it names none; then the browser is asked, and
    `language`, the best guess by country and shop, comes last (B11).
    """

    shop_id: str
    order_id: str
    subject: str
    shop_name: str
    contact: ContactPerson
    order_number: str
    first_name: str
    country: str
    language: str
    zone: ZoneInfo
    links: dict[Purpose, str]
    order_language: str = ""


def visit(services: Services, purpose: Purpose, token: str) -> Visit:
    """Who holds this token. `NotFound("no_link")` for an unknown or wrong one, `Gone("link_expired")` after its day."""
    with services.db.reading() as session:
        return visit_of(session, services, purpose, token)


def visit_of(session: Session, services: Services, purpose: Purpose, token: str) -> Visit:
    """The same in the caller's transaction; writes nothing."""
    return _visit(session, services, _valid(session, purpose, token, services.clock()))


def known_visit(session: Session, services: Services, purpose: Purpose, token: str, now: datetime) -> Visit:
    """The same for a page that will write: makes sure that the order's other links exist."""
    row = _valid(session, purpose, token, now)
    if purpose != "o":
        linking.order_links(session, services, row.shop_id, row.subject, now)
    return _visit(session, services, row)


def shop_of(purpose: Purpose, token: str, now: datetime) -> Callable[[Session], str]:
    """For `writing_for`: the shop of this link, so that its page waits for no other shop; raises as `visit` does."""
    return lambda session: _valid(session, purpose, token, now).shop_id


def _valid(session: Session, purpose: Purpose, token: str, now: datetime) -> LinkRow:
    row = links.by_digest(session, purpose, digest(token))
    if row is None:
        raise NotFound("no_link")
    if row.revoked_at or (row.expires_at and row.expires_at < now and purpose != "u"):
        raise Gone("link_expired")
    return row


def desk_visit(session: Session, services: Services, shop_id: str, order_id: str, subject: str) -> Visit:
    """The same for somebody at the desk, who needs no link."""
    return _of(session, services, shop_id, order_id, subject, owner=True)


def _visit(session: Session, services: Services, row: LinkRow) -> Visit:
    owner = row.purpose == "o"
    order_id = complaints.get(session, row.shop_id, row.subject).order_id if owner else row.subject
    return _of(session, services, row.shop_id, order_id, row.subject, owner=owner)


def _of(session: Session, services: Services, shop_id: str, order_id: str, subject: str, *, owner: bool) -> Visit:
    shop = shops.shop(session, shop_id)
    order_row = orders.get(session, shop.id, order_id)
    number, name, country, language = _of_order(order_row, shop.locale)
    named = shop.locale if owner else ""  # the owner reads her own language
    if order_row.facts and not named:
        named, language = orders.facts(order_row).locale, language_of(orders.facts(order_row), shop)
    return Visit(
        shop_id=shop.id, order_id=order_id, subject=subject,
        shop_name=shop.name, contact=services.settings.contact,
        order_number=number, first_name=name, country=country, language=language, zone=zone_of(shop),
        links=_others(session, services, shop.id, order_id), order_language=named,
    )  # fmt: skip


def _of_order(row: OrderRow, locale: str) -> tuple[str, str, str, str]:
    if not row.facts:  # erased: the preferences page still works
        return row.number, "", "", locale
    order = orders.facts(row)
    return order.number, order.first_name, order.country, locale


def _others(session: Session, services: Services, shop_id: str, order_id: str) -> dict[Purpose, str]:
    given = {purpose: links.of_subject(session, shop_id, purpose, order_id) for purpose in linking.ORDER_PURPOSES}
    return {purpose: linking.url_of(services, row, purpose) for purpose, row in given.items() if row}
