"""Nothing crosses shops: what a shop is can be moved to another database whole (docs/scaling.md, "Sharding")."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from sqlalchemy import Table, text

from integration.db import exports
from integration.demo.sides import ShopifySide
from integration.flows import connecting
from tests.conftest import StandingClock
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.house.conftest import ROOT

OF_THE_INSTALLATION = {
    "connections": "one Shopify app may serve several shops; it moves with them",
    "pings": "whether a connection's store reaches us",
    "shops": "is the shop itself",
    "accounts": "people at the desk may see several shops",
    "sessions": "of those people",
    "invitations": "of those people",
    "attempts": "tries at a door, by digest",
    "paces": "mails of all shops leave from one address",
}
WHOLE_MODULES = {"accounts", "joinings", "paces", "counts", "restoring"}
"""Queries about people at the desk, the sender's pace, a monitor's sums, and a restored back-up."""
WITHOUT_A_SHOP = {
    "the way from outside to the shop": {
        *("shops.connection_by_key", "shops.connections", "shops.shops_of", "shops.all_shops", "shops.shop_by_name"),
        *("links.by_digest", "mail_events.mail_named"),
    },
    "a sweep, which each database runs for its own shops": {
        *(
            "cursors.due",
            "cursors.asked",
            "cursors.looks",
            "inbox.shops_with_kept",
            "outbox.due",
            "outbox.offer",
            "outbox.leased",
        ),
        *("outbox.busy", "outbox.pauses", "parcels.due", "parcels.untold", "privacy.empty_bodies"),
        *("requests.listed", "requests.written_before", "requests.overdue", "inbox.count", "inbox.chosen"),
    },
    "rows by ids of ours, which were read from one shop": {
        *(
            "outbox.take_back",
            "outbox.claim",
            "outbox.give_back",
            "outbox.free",
            "outbox.any_ours",
            "outbox.finish_all",
            "outbox.mark_tried",
            "labels.get",
            "labels.stock_of_label",
        ),
        *("orders.shipments", "parcels.incidents", "parcels.asked", "mail_events.keep", "mail_events.suppress"),
    },
}
TAKES_THE_SHOP = {"shop_id", "shop_ids", "shop", "shops", "order", "row", "cursor", "task"}


def tables() -> list[Table]:
    found: list[Table] = [model.__table__ for model in exports.models()]  # type: ignore[attr-defined]
    return found


@pytest.fixture
def both(make_house: MakeHouse, clock: StandingClock) -> Iterator[House]:
    """Two shops in one database, each with a delivery, a complaint and its code."""
    house = make_house()
    house.deliver()
    side = ShopifySide(clock)
    _, connection, _ = connecting.add(house.services, side.start(), check=True)
    house.answer(1, "damaged", "Rota")
    path = f"/webhooks/shopify/{connection.key}"
    headers, body = side.arrive(side.sell(email="eve@example.com"))
    assert house.client.post(path, headers=dict(headers), data=body).status_code == 200
    house.run()
    house.answer(1, "late", "Tarde")
    house.run()
    yield house
    side.stop()


def test_every_row_says_whose_it_is() -> None:
    assert {table.name for table in tables() if "shop_id" not in table.c} == set(OF_THE_INSTALLATION)


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
def test_no_row_refers_to_another_shops(both: House) -> None:
    looked = 0
    for table in tables():
        for key in table.foreign_keys:
            other = key.column.table
            if "shop_id" in table.c and "shop_id" in other.c:
                looked += 1
                assert strangers(both, table, key.parent.name, other) == 0, f"{table.name}.{key.parent.name}"
    assert looked > 10
    assert min(shops_in(both, name) for name in ("orders", "mails", "tasks", "complaints", "history", "receipts")) == 2


def strangers(house: House, table: Table, column: str, other: Table) -> int:
    """Rows that refer to a row of another shop."""
    asked = (
        f'SELECT count(*) FROM "{table.name}" a JOIN "{other.name}" b ON a.{column} = b.id WHERE a.shop_id <> b.shop_id'
    )
    with house.services.db.reading() as session:
        return int(session.execute(text(asked)).scalar_one())


def shops_in(house: House, name: str) -> int:
    with house.services.db.reading() as session:
        return int(session.execute(text(f'SELECT count(DISTINCT shop_id) FROM "{name}"')).scalar_one())


def test_every_query_takes_the_shop_or_says_why_not() -> None:
    known = {name for names in WITHOUT_A_SHOP.values() for name in names}
    assert set(without_a_shop()) == known


def without_a_shop() -> Iterator[str]:
    for path in sorted((ROOT / "integration/db/queries").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and path.stem not in WHOLE_MODULES:
                taken = {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
                if not taken & TAKES_THE_SHOP:
                    yield f"{path.stem}.{node.name}"
