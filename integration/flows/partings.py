"""What a store tells when somebody leaves: a shopper who is to be forgotten, or the shop itself."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from integration.db.queries import outbox
from integration.db.tables import Shop
from integration.domain.events import (
    AppUninstalled,
    Parting,
    PersonAsked,
    PersonErased,
    PersonForgotten,
    ShopForgotten,
)
from integration.domain.facts import Person
from integration.flows import person_requests, privacy
from integration.flows.services import Services


def take(session: Session, services: Services, shop: Shop, event: Parting, now: datetime) -> None:
    """One order is emptied at once; all else is a request, kept with its record and done by a task."""
    match event:
        case PersonErased(order_ref):
            privacy.erase_order(session, services, shop, order_ref, now)
        case PersonForgotten(person):
            person_requests.ask(session, services, shop, "erase", person, "store", now)
        case PersonAsked(person):
            person_requests.ask(session, services, shop, "export", person, "store", now)
        case ShopForgotten():
            person_requests.ask(session, services, shop, "erase_shop", Person(), "store", now)
        case AppUninstalled():
            outbox.put_task(session, shop.id, "ProbeStore", shop.id, now, key=f"probe:{now:%Y%m%d%H%M}")
