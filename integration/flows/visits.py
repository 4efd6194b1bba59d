"""A shopper (or the owner) opens a link: who that is, and what every page shows."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from integration.flows.services import Services
from integration.links import Purpose
from integration.settings import ContactPerson


@dataclass(frozen=True, slots=True)
class Visit:
    """The shop and order behind a link; `links` are the shopper's other pages by purpose, as absolute URLs.

    `language` is the order's (or the shop's) best guess before the browser and the visitor's own choice are asked.
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


def visit(services: Services, purpose: Purpose, token: str) -> Visit:
    """Who holds this token. `NotFound("no_link")` for an unknown or wrong one, `Gone("link_expired")` after its day."""
    raise NotImplementedError
