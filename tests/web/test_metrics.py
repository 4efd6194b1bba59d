"""`/metrics`: for this machine or with the token, figures of everything, and nothing about anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from integration.app import create_app
from integration.db.queries import counts
from integration.db.session import Database
from integration.db.tables import Shop, StockLabel
from integration.domain.errors import Temporary
from integration.settings import settings_from
from tests.conftest import NewDatabase, StandingClock
from tests.flows.house import House

LINE = re.compile(r'(postventa_\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?[0-9.e+-]+)')


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock, new_database: NewDatabase) -> Iterator[House]:
    made = House(tmp_path, clock, "woocommerce", new_database(tmp_path))
    yield made
    made.close()


def ask(client: FlaskClient, address: str = "127.0.0.1", **headers: str) -> Any:
    return client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})


def figures(house: House) -> dict[str, float]:
    """`postventa_mails{kind="label",state="sent"}` and its value; every line must be one that Prometheus reads."""
    answer = ask(house.client)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    return {one[0].rpartition(" ")[0]: float(one[3]) for one in found if one}


def with_server(house: House, **server: Any) -> FlaskClient:
    config = house.config()
    settings = settings_from(config | {"server": config["server"] | server}, house.folder, {})
    return create_app(replace(house.services, settings=settings)).test_client()


def test_the_figures_follow_an_order(house: House) -> None:
    before = figures(house)
    assert before['postventa_receipts{state="done"}'] == 0
    ref = house.side.sell()
    assert house.post(*house.side.arrive(ref)) == 200
    assert figures(house)['postventa_receipts{state="kept"}'] == 1
    house.drain()
    house.clock.advance(minutes=3)
    waiting = figures(house)
    assert waiting['postventa_tasks{kind="RunFollowUp",state="ready"}'] == 2
    assert waiting["postventa_oldest_due_task_seconds"] == 180
    house.run()
    after = figures(house)
    assert after['postventa_receipts{state="done"}'] == 1
    assert after['postventa_mails{kind="label",state="sent"}'] == 1
    assert after["postventa_oldest_due_task_seconds"] == 0
    assert not [name for name in after if name.startswith("postventa_tasks{")]
    assert 0 < after["postventa_disk_free_ratio"] < 1


def test_what_stopped_and_what_stands_still_is_counted(house: House) -> None:
    house.deliver()
    with house.services.db.writing() as session:
        session.execute(text("UPDATE tasks SET state = 'dead', reason = 'x' WHERE kind = 'SendMail'"))
        session.execute(text("UPDATE receipts SET state = 'unreadable'"))
        session.execute(
            text(
                "INSERT INTO pauses (id, shop_id, stream, reason, since, until) "
                "SELECT 'p', id, 'mail', 'mail_login_refused', created_at, created_at FROM shops"
            )
        )
    found = figures(house)
    assert found['postventa_tasks{kind="SendMail",state="dead"}'] == 2
    assert found['postventa_receipts{state="unreadable"}'] == 1
    assert found['postventa_receipts{state="done"}'] == 0
    assert found['postventa_pauses{stream="mail",reason="mail_login_refused"}'] == 1


def test_labels_left_are_told_down_to_none(house: House) -> None:
    assert not [name for name in figures(house) if name.startswith("postventa_labels_left")]
    now = house.clock.now
    with house.services.db.writing() as session:
        shop = house.shop(session)
        shop.name = 'Mia "Moda" \\ & Co'
        for number in range(2):
            row = StockLabel(id=f"s{number}", shop_id=shop.id, sha256=str(number), pdf=b"", created_at=now)
            session.add(row)
    name = r'postventa_labels_left{shop="Mia \"Moda\" \\ & Co"}'
    assert figures(house)[name] == 2
    with house.services.db.writing() as session:
        session.execute(text("UPDATE stock_labels SET label_id = id"))
        assert session.get(Shop, house.shop_id)
    assert figures(house)[name] == 0


def test_no_figure_is_about_anybody_or_any_order(house: House) -> None:
    house.deliver()
    house.answer(2, "damaged", "La caja llegó rota")
    house.run()
    told = ask(house.client).text
    assert [word for word in ("sam", "Torres", "PV-", "order_", "C-", "R-", "task_0") if word in told] == []
    names = set(figures(house))
    house.deliver(email="eve@example.com")
    assert set(figures(house)) == names


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_may_read_them(house: House, address: str) -> None:
    assert ask(house.client, address).status_code == 200


@pytest.mark.parametrize("address", ["192.168.1.5", "203.0.113.9", "2001:db8::1", "", "unix:"])
def test_nobody_else_may(house: House, address: str) -> None:
    assert ask(house.client, address).status_code == 404
    assert ask(house.client, address, Authorization="Bearer ").status_code == 404


def test_a_web_server_on_this_machine_opens_no_door_for_others(house: House) -> None:
    assert ask(house.client, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert ask(house.client, Forwarded="for=203.0.113.9").status_code == 404
    behind = with_server(house, trusted_proxies=1)
    assert ask(behind, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert ask(behind, **{"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}).status_code == 404
    assert ask(behind).status_code == 200


@pytest.mark.parametrize(
    ("shown", "status"),
    [("Bearer correct-horse", 200), ("Bearer wrong-horse", 404), ("Basic correct-horse", 404), ("Bearer ñ", 404)],
)
def test_the_token_opens_them_from_anywhere(house: House, shown: str, status: int) -> None:
    client = with_server(house, metrics_token="correct-horse")
    assert ask(client, "203.0.113.9", Authorization=shown).status_code == status
    assert ask(client, "203.0.113.9", Authorization=shown).headers.get("Set-Cookie") is None


def test_a_database_that_does_not_answer_is_503(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise Temporary("database_busy")

    monkeypatch.setattr(Database, "reading", busy)
    assert ask(house.client).status_code == 503


def test_asking_often_reads_indexes_and_no_rows(house: House) -> None:
    """A receipt's row holds kilobytes; a hundred thousand of them must not be read every few seconds."""
    if house.services.db.engine.dialect.name == "postgresql":
        return
    asked: list[str] = []
    now = house.clock.now
    with house.services.db.reading() as session:
        connection = session.connection()
        for statement in statements(connection, lambda: everything(session, now)):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1]).all()
            asked += [str(row[3]) for row in plan]
    big = [step for step in asked if re.search(r"\b(receipts|tasks|mails|stock_labels)\b", step)]
    assert len(big) >= 8
    assert [step for step in big if "INDEX" not in step] == []
    assert [name for name in ("ix_receipts_odd", "ix_tasks_stopped", "ix_mails_kinds") if name not in str(big)] == []


def everything(session: Any, now: Any) -> None:
    for question in (counts.open_tasks, counts.planned_tasks, counts.oldest_due):
        question(session, now)
    for question in (counts.stopped_tasks, counts.receipts, counts.mails, counts.labels_left):
        question(session)


def statements(connection: Any, ask_all: Any) -> list[tuple[str, Any]]:
    """The statements that are sent, with their values."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        seen.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    ask_all()
    event.remove(connection, "before_cursor_execute", note)
    return seen
