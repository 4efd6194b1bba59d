"""E11 c, d, g: the database is held by another, the disk fills up, the clock jumps; nothing is lost."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integration.db import places
from integration.db.tables import CodeRow, ComplaintRow, FollowUpRow, MailRow, OrderRow, Receipt, Task
from integration.domain.errors import Conflict, Temporary
from integration.flows import dispatch
from integration.worker.embedded import Embedded
from tests.conftest import NewDatabase, StandingClock
from tests.flows.house import House
from tests.flows.owners_eyes import Eyes
from tests.flows.shoppers import answer, arrived, command, store_of
from tests.flows.troubles import Disk, held, hurry, impatient

MADRID = ZoneInfo("Europe/Madrid")
ARRIVALS = (0, 1, 2, 3, 7, 12, 18, 23)  # hours of that day, UTC
PATIENCE = 60.0
NIGHTS = [datetime(*day, tzinfo=UTC) for day in ((2026, 10, 24), (2026, 10, 25), (2027, 3, 27), (2027, 3, 28))]
MakeShop = Callable[..., House]


@pytest.fixture
def make_shop(tmp_path: Path, clock: StandingClock, new_database: NewDatabase) -> Iterator[MakeShop]:
    """`make_shop(**policy)`: Mia's shop, who waits for a lock 50 ms instead of ten seconds; once per engine."""
    made: list[House] = []

    def make(**policy: Any) -> House:
        made.append(House(tmp_path, clock, database=impatient(new_database(tmp_path)), **policy))
        hurry(made[-1].services.db)
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture
def shop(make_shop: MakeShop) -> House:
    """The same with the usual policy."""
    return make_shop()


# -- c: held by another process ---------------------------------------------------------------------------


def test_while_another_holds_the_database_all_is_503_or_waits_and_pages_can_be_read(shop: House) -> None:
    eyes = Eyes(shop)
    shop.deliver()
    link = shop.link("survey", "s")
    assert shop.post(*shop.side.arrive(shop.side.sell())) == 200
    waiting = shop.side.arrive(shop.side.sell())
    with held(shop.services.db):
        for _ in range(3):
            assert shop.post(*waiting) == 503
            page = shop.client.post(link, data={"score": "5"})
            assert (page.status_code, "Traceback" in page.text) == (503, False)
            assert shop.client.get("/readyz").status_code == 503
            assert shop.client.get("/healthz").status_code == 200
            assert shop.client.get(link).status_code == 200
            shop.clock.advance(seconds=10)
        with pytest.raises(Temporary, match="database_busy"):
            shop.run()
    assert shop.client.get("/readyz").status_code == 200
    assert shop.client.post(link, data={"score": "5"}).status_code == 200
    assert shop.post(*waiting) == 200
    shop.run()
    assert sorted(shop.kinds()) == ["label"] * 3 + ["survey"] * 3
    assert eyes.notices() == []


def test_a_worker_whose_database_is_held_goes_on_when_it_is_free(shop: House, caplog: pytest.LogCaptureFixture) -> None:
    for buyer in ("sam@sam.example", "ana@ana.example"):
        assert shop.post(*shop.side.arrive(shop.side.sell(email=buyer))) == 200
    first, second, go_on = threading.Event(), threading.Event(), threading.Event()

    def look(name: str) -> None:
        if name == "receipt_taken":
            (second if first.is_set() else first).set()
            assert go_on.wait(PATIENCE)

    engine = Embedded(0.05)
    engine.start(dataclasses.replace(shop.services, checkpoint=look))
    assert first.wait(PATIENCE)
    with held(shop.services.db), refused(caplog, "database_busy") as met:
        go_on.set()
        assert met.wait(PATIENCE)
        assert not second.is_set()
    assert second.wait(PATIENCE)
    engine.stop()
    shop.clock.advance(minutes=2)  # its threads met one another, too, and they do not wait long here
    shop.run()
    assert sorted(shop.kinds()) == ["label"] * 2 + ["survey"] * 2


@contextmanager
def refused(caplog: pytest.LogCaptureFixture, code: str) -> Iterator[threading.Event]:
    """An event that is set once a tick told this of its end."""
    met, keep = threading.Event(), caplog.handler.emit

    def emit(record: logging.LogRecord) -> None:
        if code in record.getMessage():
            met.set()
        keep(record)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(caplog.handler, "emit", emit)
        yield met


# -- d: a full disk ---------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_under_the_work_stops_it_and_doubles_nothing(shop: House) -> None:
    disk = Disk(shop.services.db)
    for number in range(8):
        shop.post(*shop.side.arrive(shop.side.sell(email=f"sam{number}@sam{number}.example")))
    shop.drain()
    disk.full = True
    stopped = 0
    for _ in range(6):
        try:
            shop.run()
        except Temporary:
            stopped += 1
        shop.clock.advance(minutes=1)
    assert stopped
    assert shop.client.get("/readyz").status_code == 503
    disk.full = False
    assert shop.client.get("/readyz").status_code == 200
    for _ in range(3):
        shop.clock.advance(minutes=20)
        shop.run()
    assert {task.state for task in shop.rows(Task) if task.due_at <= shop.clock.now} <= {"done", "ambiguous"}
    sent = [str(mail.message["Message-ID"]) for mail in shop.mails("label")]
    assert len(set(sent)) == 8
    assert len(sent) <= 16
    surveys = [str(mail.message["Message-ID"]) for mail in shop.mails("survey")]
    assert len(surveys) == len(set(surveys))
    assert {mail.state for mail in shop.rows(MailRow)} <= {"sent", "ambiguous"}


@pytest.mark.parametrize(("free", "taken"), [(0.05, True), (0.049, False)])
def test_on_a_disk_nearly_full_no_labels_are_uploaded(
    shop: House, monkeypatch: pytest.MonkeyPatch, free: float, taken: bool
) -> None:
    monkeypatch.setattr(places, "free_share", lambda path: free)
    file = shop.folder / "label.pdf"
    file.write_bytes(b"%PDF-1.7")
    if taken:
        command(shop, "labels", "add", "Mia Moda", str(file))
    else:
        with pytest.raises(Conflict, match="disk_nearly_full"):
            command(shop, "labels", "add", "Mia Moda", str(file))
        assert "disk" in Eyes(shop).wrong()


# -- g: the clock -----------------------------------------------------------------------------------------


def test_a_clock_put_forward_by_a_day_sends_nothing_twice(make_shop: MakeShop) -> None:
    shop = make_shop(survey_delay="3d")
    shop.deliver()
    shop.clock.advance(days=1)
    shop.run()
    assert shop.kinds() == ["label"]
    shop.clock.advance(days=2)
    shop.run()
    shop.run()
    assert shop.kinds() == ["label", "survey"]


def test_a_clock_put_back_by_two_hours_delays_and_loses_and_doubles_nothing(shop: House) -> None:
    shop.clock.advance(days=1)
    shop.post(*shop.side.arrive(shop.side.sell()))
    shop.drain()
    shop.clock.advance(hours=-2)
    second = shop.side.sell(email="ana@ana.example")
    shop.post(*shop.side.arrive(second))
    shop.run()
    assert shop.kinds().count("label") == 1
    shop.clock.advance(hours=2)
    shop.run()
    assert sorted(shop.kinds()) == ["label", "label", "survey", "survey"]
    assert {receipt.state for receipt in shop.rows(Receipt)} == {"done"}


def test_news_that_was_kept_under_a_clock_put_back_is_not_older_news(shop: House) -> None:
    ref = shop.side.sell()
    under_way = store_of(shop).signed_webhook(int(ref), "order.updated", shop.secret)
    shop.clock.advance(minutes=1)
    there = shop.side.arrive(ref)
    shop.post(*under_way)
    shop.clock.advance(hours=-2)
    shop.post(*there)
    shop.clock.advance(hours=2)
    shop.run()
    assert [order.state for order in shop.rows(OrderRow)] == ["delivered"]
    assert shop.kinds() == ["label", "survey"]


def test_a_lease_taken_before_the_clock_was_put_back_ends(shop: House) -> None:
    shop.post(*shop.side.arrive(shop.side.sell()))
    shop.drain()

    def die(name: str) -> None:
        if name == "task_claimed":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dispatch.run_due(dataclasses.replace(shop.services, checkpoint=die), "elsewhere:1")
    shop.clock.advance(hours=-2)
    shop.run()
    shop.clock.advance(hours=2, minutes=11)
    shop.run()
    assert sorted(shop.kinds()) == ["label", "survey"]


@pytest.mark.parametrize("day", NIGHTS)
def test_where_the_hour_changes_a_survey_still_leaves_in_the_shops_hours_once(
    make_shop: MakeShop, clock: StandingClock, day: datetime
) -> None:
    clock.now = day.replace(minute=30)
    shop = make_shop(survey_delay="1d", survey_hours="09:00-19:00", label="off")
    there: dict[str, datetime] = {}
    for hour in range(84):  # half past each, from before the change until the last survey has to be out
        if hour in ARRIVALS:
            there[f"sam{hour}@sam.example"] = clock.now
            assert shop.post(*shop.side.arrive(shop.side.sell(email=f"sam{hour}@sam.example"))) == 200
        shop.run()
        clock.advance(hours=1)
    left = {mail.message["To"].addresses[0].addr_spec: mail.message["Date"].datetime for mail in shop.mails("survey")}
    assert len(shop.mails("survey")) == len(left) == len(there) == len(ARRIVALS)
    for buyer, at in left.items():
        assert time(9) <= at.astimezone(MADRID).time() < time(20)
        assert at - there[buyer] >= timedelta(hours=23)
    assert {step.state for step in shop.rows(FollowUpRow) if step.kind == "survey"} == {"done"}


def test_a_new_year_has_a_budget_of_its_own_and_numbers_go_on(make_shop: MakeShop, clock: StandingClock) -> None:
    clock.now = datetime(2026, 12, 31, 22, 50, tzinfo=UTC)  # ten to midnight at Mia's
    shop = make_shop(compensation={"day_budget": 11, "month_budget": 11, "customer_max": 9})
    orders = [arrived(shop, number) for number in range(3)]
    assert answer(shop, orders[0], 1, "damaged") == 200
    assert answer(shop, orders[1], 1, "damaged") == 200
    shop.run()
    clock.advance(minutes=20)
    assert answer(shop, orders[2], 1, "damaged") == 200
    shop.run()
    assert sorted(row.order_id for row in shop.rows(CodeRow)) == sorted([orders[0].id, orders[2].id])
    cases = shop.rows(ComplaintRow)
    assert len({case.number for case in cases}) == 3
    assert {case.reasons for case in cases if not case.extra} == {"over_day_budget"}
