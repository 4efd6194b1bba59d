"""What the demo begins with."""

from __future__ import annotations

import pytest

from integration.db.queries import orders
from integration.demo.check import wait_for, world
from integration.flows.people import identities


@pytest.mark.slow
def test_its_buyers_are_persons_apart_so_that_the_code_of_one_is_not_held_against_another() -> None:
    with world() as here:
        here.seed()
        wait_for(here.idle, "the worker does not come to rest")
        with here.services.db.reading() as session:
            rows = [row for name in here.shop_names() for row in orders.newest(session, here.shop_id(name), 12)]
            known = [(row.shop_id, identity) for row in rows for identity in identities(row.shop_id, orders.facts(row))]
    assert len(rows) == 6
    assert len(set(known)) == len(known)
