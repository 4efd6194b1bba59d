"""Unsubscribing, and coming back: which mails a person wants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration import __version__
from integration.db.queries import mails as rows
from integration.db.queries import orders
from integration.db.tables import Suppression
from integration.domain.ids import new_id
from integration.flows import history
from integration.flows.people import digest
from integration.flows.services import Services
from integration.flows.visits import Visit, known_visit, shop_of, visit_of
from integration.rules.compensation import identity_keys

SCOPE = "survey"


@dataclass(frozen=True, slots=True)
class PreferencesView:
    """The preferences page: whether surveys reach her; mails about her orders and complaints always do."""

    visit: Visit
    surveys: bool


def page(services: Services, token: str) -> PreferencesView:
    """What the page shows; writes nothing."""
    with services.db.reading() as session:
        visit = visit_of(session, services, "u", token)
        return PreferencesView(visit, not _row(session, visit))


def unsubscribe(services: Services, token: str, source: str) -> PreferencesView:
    """No more surveys to this address; `source` is `header` (RFC 8058 POST) or `page`. Idempotent."""
    now = services.clock()
    with services.db.writing_for(shop_of("u", token, services.clock())) as session:
        visit = known_visit(session, services, "u", token, now)
        address = _address(session, visit)
        if address and not _row(session, visit):
            row = Suppression(
                id=new_id("suppression", now), shop_id=visit.shop_id, address_digest=address, scope=SCOPE,
                reason="opted_out", source=source, text_version=__version__, created_at=now,
            )  # fmt: skip
            session.add(row)
            _note(session, visit, now, "on", "off", source)
    services.checkpoint("opt_out_committed")
    return PreferencesView(visit, surveys=False)


def subscribe(services: Services, token: str) -> PreferencesView:
    """Surveys again, asked for on the page."""
    now = services.clock()
    with services.db.writing_for(shop_of("u", token, services.clock())) as session:
        visit = known_visit(session, services, "u", token, now)
        row = _row(session, visit)
        if row:
            session.delete(row)
            _note(session, visit, now, "off", "on", "page")
        return PreferencesView(visit, surveys=True)


def _note(session: Session, visit: Visit, now: datetime, old: str, new: str, source: str) -> None:
    history.note(session, visit.shop_id, visit.order_id, now, "shopper", f"surveys_{old}", f"surveys_{new}", source)


def _row(session: Session, visit: Visit) -> Suppression | None:
    address = _address(session, visit)
    return rows.suppression(session, visit.shop_id, address, SCOPE) if address else None


def _address(session: Session, visit: Visit) -> str:
    order_row = orders.get(session, visit.shop_id, visit.order_id)
    keys = identity_keys(orders.facts(order_row).email, "", "") if order_row.facts else ()
    return digest(visit.shop_id, keys[0]) if keys else ""
