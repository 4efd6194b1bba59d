"""What the demo begins with."""

from __future__ import annotations

import pytest

from integration.db.queries import orders, shops
from integration.demo.check import wait_for, world
from integration.flows.known import language_of
from integration.flows.people import identities


@pytest.mark.slow
def test_its_buyers_are_persons_apart_of_three_languages() -> None:
    with world() as here:
        here.seed()
        wait_for(here.idle, "the worker does not come to rest")
        with here.services.db.reading() as session:
            rows = [row for name in here.shop_names() for row in orders.newest(session, here.shop_id(name), 12)]
            spoken = [language_of(orders.facts(row), shops.shop(session, row.shop_id)) for row in rows]
            known = [(row.shop_id, identity) for row in rows for identity in identities(row.shop_id, orders.facts(row))]
    assert sorted(spoken) == ["en", "en", "es", "es", "pt_BR", "pt_BR"]
    assert len(set(known)) == len(known)
