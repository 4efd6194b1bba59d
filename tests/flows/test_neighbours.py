"""On PostgreSQL, what strangers, shoppers and the desk ask for waits for no other shop than its own."""

from __future__ import annotations

import pytest

from emails.bounces import Heard
from integration.db.queries import orders
from integration.db.session import Database
from integration.db.tables import Connection, OrderRow
from integration.domain.errors import BadForm
from integration.flows import accounts, bounces, way_back
from tests.flows.house import House

MIA = {"name": "Mia", "email": "mia@mia.example", "password": "a quiet horse runs"}


def test_no_page_and_no_stranger_waits_for_another_shop(beside: House) -> None:
    beside.deliver()
    [order] = beside.rows(OrderRow)
    [first, *_] = orders.facts(order).items
    session_id = settled(beside)
    pages = {
        beside.link("survey", "s"): {"score": "5", "cause": "", "text": ""},
        beside.link("survey", "u"): {"List-Unsubscribe": "One-Click"},
        beside.link("label", "c"): {"cause": "damaged", "wish": "", "text": ""},
        beside.link("label", "r"): {"reason": "", "wish": "refund", f"item-{first.ref}": "1"},
    }
    elsewhere, client = Database(beside.services.db.url), beside.client
    with elsewhere.writing("shop_elsewhere"):
        assert client.get("/readyz").status_code == 200
        assert client.get(beside.link("survey", "s") + "?score=2").status_code == 200
        assert [client.post(path, data=form).status_code for path, form in pages.items()] == [200] * len(pages)
        beside.clock.advance(minutes=2)
        assert accounts.person(beside.services, session_id)
        assert accounts.log_in(beside.services, MIA, "192.0.2.1", session_id)
        with pytest.raises(BadForm, match="login_wrong"):
            accounts.log_in(beside.services, MIA | {"password": "no"}, "192.0.2.1")
        way_back.heard(beside.services, beside.rows(Connection)[0].id)
        assert (
            bounces.take(beside.services, Heard(action="failed", status="5.1.1", message_id="<nobody@x>")) == "unknown"
        )
    elsewhere.close()


def settled(house: House) -> str:
    """Mia's session."""
    link = accounts.setup_link(house.services).rpartition("/")[2]
    return accounts.welcome(house.services, link, MIA, "es")
