"""However many orders there are: every room and sweep goes by an index, and lists are the same over several shops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from integration.db.queries import pages
from integration.db.tables import ComplaintRow, MailRow, OrderRow, Shop
from tests.flows.house import House
from tests.web.desk.conftest import Desk, complained, order_of, sold_elsewhere
from webhooks import inbox

BIG = "receipts|orders|shipments|followups|tasks|mails|labels|links|answers|complaints|codes|history"
IN_ORDER = {
    "ix_orders_created",
    "ix_mails_created",
    "ix_receipts_heard",
}  # read from the newest on, no further than shown
FEW_ROWS = {"ix_complaints_open", "ix_complaints_closed", "ix_mails_open", "ix_mails_preview", "ix_tasks_stopped"}
CAUSES = ("late", "damaged")
ROOMS = (
    *("/admin/", "/admin/?days=90", "/admin/numbers.csv", "/admin/cases", "/admin/cases?which=mine"),
    *("/admin/cases?which=closed", "/admin/cases?which=closed&cause=late", "/admin/orders", "/admin/orders?q=77"),
    *("/admin/orders?q=sam@example.com", "/admin/orders?page=3", "/admin/mails", "/admin/mails?which=waiting"),
    *("/admin/mails?which=would", "/admin/mails?which=stopped", "/admin/stopped", "/admin/shops", "/admin/health"),
)


@contextmanager
def asked(house: House) -> Iterator[list[str]]:
    """Each step of how SQLite answers what is asked meanwhile."""
    steps: list[str] = []
    engine = house.services.db.engine

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            steps.extend(str(step[3]) for step in plan)

    event.listen(engine, "before_cursor_execute", explain)
    yield steps
    event.remove(engine, "before_cursor_execute", explain)


def slow(steps: list[str]) -> list[str]:
    """Those that read more the more there is: all of a table, all of a shop, or a list to be sorted."""
    found = []
    for step in steps:
        name = "".join(re.findall(r"INDEX (\w+)", step))
        whole = re.match(rf"SCAN ({BIG})\b", step) and name not in FEW_ROWS
        of_a_shop = re.match(rf"SEARCH ({BIG}) .*\(shop_id=\?\)$", step) and name not in IN_ORDER | FEW_ROWS
        if whole or of_a_shop:
            found.append(step)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_reads_no_more_when_there_are_more_orders(house: House, desk: Desk, room: str) -> None:
    with asked(house) as steps:
        assert desk.get(room).status_code == 200
    assert len(steps) > 3
    assert slow(steps) == []


def test_looking_for_webhooks_reads_only_those_that_wait(house: House) -> None:
    house.deliver()
    with asked(house) as steps:
        inbox.drain(house.services)
    assert steps
    assert [step for step in steps if "ix_receipts_kept" not in step] == []


def test_a_shop_s_newest_are_found_without_sorting_its_past(house: House, desk: Desk) -> None:
    for room in ("/admin/orders", "/admin/mails", "/admin/cases?which=closed"):
        with asked(house) as steps:
            desk.get(room)
        listed = [step for step in steps if re.search("ix_(orders|mails)_created|ix_complaints_closed", step)]
        assert listed, room
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps, room


# -- several shops -------------------------------------------------------------------------------------


def test_lists_of_several_shops_are_in_one_order_on_every_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sold_elsewhere(house, order_of(house, house.deliver()))
    [other] = [shop.id for shop in house.rows(Shop) if shop.id != house.shop_id]
    for n in range(9):
        house.clock.advance(hours=1)
        with house.services.db.writing() as session:
            for shop_id in (house.shop_id, other):
                session.add(an_order(shop_id, n, house.clock.now + timedelta(minutes=n % 2)))
    shops = [house.shop_id, other]
    by_hand = sorted(house.rows(OrderRow), key=lambda row: (row.created_at, row.id), reverse=True)
    mails = sorted(house.rows(MailRow), key=lambda row: (row.created_at, row.id), reverse=True)
    for apart in (100, 1):  # one by one, and all at once
        monkeypatch.setattr(pages, "APART", apart)
        with house.services.db.reading() as session:
            for skip in range(0, len(by_hand), 4):
                assert [row.id for row in pages.orders(session, shops, 4, skip)] == [
                    row.id for row in by_hand[skip : skip + 4]
                ]
            assert [row.id for row, _ in pages.mails(session, shops, (), "", 50, 0)] == [row.id for row in mails]


def an_order(shop_id: str, n: int, at: Any) -> OrderRow:
    known = {"state": "open", "updated_at": at, "created_at": at, "number": str(n)}
    return OrderRow(id=f"order_{shop_id}_{n}", shop_id=shop_id, ref=f"many{n}", **known)


def test_closed_cases_stand_by_the_day_of_closing_and_by_cause(house: House, desk: Desk) -> None:
    complained(house, "late", "Tarde", email="a@example.com")
    complained(house, "damaged", "Rota", email="b@example.com")
    late, damaged = (next(row.id for row in house.rows(ComplaintRow) if row.cause == cause) for cause in CAUSES)
    for case_id in (damaged, late):
        house.clock.advance(minutes=2)
        sent = {"action": "close", "expected_state": state(house, case_id)}
        assert desk.post(f"/admin/cases/{case_id}", **sent).status_code == 200
    page = desk.get("/admin/cases?which=closed").text
    assert page.index(late) < page.index(damaged)
    only = desk.get("/admin/cases?which=closed&cause=damaged").text
    assert damaged in only
    assert late not in only


def state(house: House, case_id: str) -> str:
    return next(row.state for row in house.rows(ComplaintRow) if row.id == case_id)
