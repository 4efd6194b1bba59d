"""How long the desk's pages take with 100,000 orders."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert

from integration.db.facts import dump_order
from integration.db.queries import orders
from integration.db.tables import AnswerRow, ComplaintRow, HistoryRow, MailRow, OrderRow
from integration.flows import accounts
from tests.bench.rows import Row
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS, MIA

ORDERS = 100_000
YEARS = timedelta(days=730)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROOMS = ("/admin/", "/admin/?days=90", "/admin/cases", "/admin/orders", "/admin/orders?q=54321", "/admin/mails",
         "/admin/mails?which=waiting", "/admin/stopped", "/admin/shops", "/admin/orders?page=20")  # fmt: skip
TIMES = 20


def bench_desk() -> list[Row]:
    """The slower end of every room's answers, in-process: two years of orders, 4 % complained about, 12 % answered."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), StandingClock(NOW - YEARS))
        try:
            fill(house)
            house.clock.now = NOW
            took = [one for room in ROOMS for one in _answers(entered(house), room)]
        finally:
            house.close()
    return [Row(f"desk page with {ORDERS} orders, p95", sorted(took)[int(0.95 * len(took))], 150, "ms")]


def entered(house: House) -> FlaskClient:
    """Mia's browser, logged in."""
    client = house.app.test_client()
    with house.services.db.writing() as session:
        link = accounts.invite(session, house.services, "owner")
    form = MIA | {"email": f"{time.monotonic_ns()}@mia.example"}
    assert client.post(link.removeprefix(HTTPS), data=form, base_url=HTTPS).status_code == 303
    return client


def _answers(client: FlaskClient, room: str) -> Iterator[float]:
    for turn in range(TIMES + 1):
        start = time.perf_counter()
        assert client.get(room, base_url=HTTPS).status_code == 200
        if turn:  # the first one warms up
            yield 1000 * (time.perf_counter() - start)


def fill(house: House) -> None:
    """Rows as two years leave them, written past the flows."""
    house.deliver()
    with house.services.db.reading() as session:
        facts = json.dumps(dump_order(orders.facts(orders.newest(session, house.shop_id, 1)[0])))
    made = dict[type[Any], list[dict[str, Any]]]()
    for number in range(ORDERS):
        for table, row in _rows(house.shop_id, facts, number):
            made.setdefault(table, []).append(row)
    with house.services.db.writing() as session:
        for table, rows in made.items():
            session.execute(insert(table), rows)


def _rows(shop_id: str, facts: str, number: int) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    at = NOW - YEARS + number * (YEARS / ORDERS)
    order = f"order_{number:026}"
    yield OrderRow, {
        "id": order, "shop_id": shop_id, "ref": f"b{number}", "number": str(number), "state": "delivered",
        "customer_key": f"who{number % 60_000}", "facts": json.loads(facts), "complete": True, "updated_at": at,
        "created_at": at, "placed_at": at - timedelta(days=4), "delivered_at": at,
    }  # fmt: skip
    yield MailRow, {
        "id": f"mail_{number:026}", "shop_id": shop_id, "order_id": order, "kind": "survey", "key": f"b{number}",
        "state": "sent", "reason": "", "message_id": "<x>", "context": {}, "copies": 1, "created_at": at, "sent_at": at,
    }  # fmt: skip
    if number % 8 == 0:
        yield AnswerRow, {
            "id": f"answer_{number}", "shop_id": shop_id, "order_id": order, "score": 1 + number % 5, "text": "",
            "locale": "es", "answered_at": at,
        }  # fmt: skip
    if number % 25 == 0:
        yield from _complaint(shop_id, order, number, at)


def _complaint(shop_id: str, order: str, number: int, at: datetime) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    case = f"complaint_{number:026}"
    yield ComplaintRow, {
        "id": case, "shop_id": shop_id, "order_id": order, "number": f"C-{number}", "state": "closed",
        "source": "form", "cause": ("late", "damaged", "other")[number % 3], "severity": "normal", "wish": "",
        "text": "", "fix": "", "extra": "", "decided_by": "", "reasons": "", "assignee": "", "policy_version": 0,
        "due_at": at, "opened_at": at, "closed_at": at,
    }  # fmt: skip
    for step, (old, new) in enumerate((("", "received"), ("received", "acknowledged"), ("acknowledged", "closed"))):
        yield HistoryRow, {
            "shop_id": shop_id, "subject": case, "at": at + timedelta(hours=step), "actor": "owner",
            "from_state": old, "to_state": new, "reason": "",
        }  # fmt: skip
