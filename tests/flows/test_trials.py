"""The whole line on a real order: mailed to the owner, a code that lives for seconds, and nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.db.tables import (
    CodeRow,
    FollowUpRow,
    HistoryRow,
    LabelRow,
    LinkRow,
    MailRow,
    OrderRow,
    StockLabel,
    Task,
)
from integration.domain.errors import Temporary
from integration.flows import labels, trials
from integration.flows.shops import connector_of
from tests.conftest import StandingClock
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import behind, store, upstream
from tests.stores.faults import NAMES, Faults

TABLES = (CodeRow, FollowUpRow, HistoryRow, LabelRow, LinkRow, MailRow, OrderRow, Task)
LINE = [
    "order_read", "label_made", "label_mailed", "survey_mailed", "code_made", "code_read_back", "code_revoked",
]  # fmt: skip


def counts(house: House) -> list[int]:
    return [len(house.rows(table)) for table in TABLES]


def tried(house: House, order: str) -> dict[str, bool]:
    return {step.code: step.ok for step in trials.run(house.services, house.shop_id, order, "mia@mia.example")}


def test_every_step_happens_and_nothing_is_kept(house: House) -> None:
    ref = house.side.sell()
    before = counts(house)
    assert tried(house, ref) == dict.fromkeys(LINE, True)
    assert counts(house) == before
    assert house.codes() == []
    assert house.kinds() == ["try_label", "try_survey"]
    for mail in house.mails():
        assert mail.message["To"].addresses[0].addr_spec == "mia@mia.example"
        assert mail.message["Subject"].startswith("[PRUEBA] ")
    assert [data[:4] for data in house.mails("try_label")[0].attachments.values()] == [b"%PDF"]


def test_a_known_order_is_found_by_its_number_and_stays_as_it_was(house: House) -> None:
    house.deliver()
    number = house.rows(OrderRow)[0].number
    before, mails = counts(house), len(house.mails())
    assert tried(house, number) == dict.fromkeys(LINE, True)
    assert counts(house) == before
    assert house.rows(OrderRow)[0].facts["email"] == "sam@example.com"
    assert len(house.mails()) == mails + 2


def test_an_order_that_is_not_in_the_store_ends_the_trial(house: House) -> None:
    [step] = trials.run(house.services, house.shop_id, "999999", "mia@mia.example")
    assert (step.code, step.ok) == ("order_read", False)
    assert step.error
    assert house.mails() == []


def test_a_step_that_fails_is_told_and_the_others_go_on(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house()
    ref = house.side.sell()

    def down(*_: object, **__: object) -> None:
        raise Temporary("mail_server_unreachable")

    monkeypatch.setattr(type(house.services.transport), "send", down)
    steps = {step.code: step for step in trials.run(house.services, house.shop_id, ref, "mia@mia.example")}
    assert [code for code, step in steps.items() if not step.ok] == ["label_mailed", "survey_mailed"]
    assert str(steps["label_mailed"].error) == "mail_server_unreachable"


def test_a_bought_label_is_not_used_up(make_house: MakeHouse) -> None:
    house = make_house(carrier="prepaid")
    with house.services.db.writing() as session:
        labels.add_stock(session, house.shop(session), b"%PDF-1.7 bought", "1.pdf", house.clock.now)
    assert tried(house, house.side.sell()) == dict.fromkeys(LINE, True)
    assert house.rows(StockLabel)[0].label_id is None
    assert house.mails("try_label")[0].attachments == {}


@pytest.fixture(params=["woocommerce", "shopify"])
def shop_house(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Where the database is not the point: SQLite alone, once per platform."""
    made = House(tmp_path, clock, request.param)
    yield made
    made.close()


def spoil_the_making(
    monkeypatch: pytest.MonkeyPatch, house: House, between: Faults, fault: str, after: str = ""
) -> None:
    """All that is asked to make a code meets `fault`; what is asked before is answered, what is asked later `after`."""
    behind(house, between, patience=2)  # the order is really read
    with house.services.db.reading() as session:
        kind = type(connector_of(session, house.services, house.shop(session)))
    real = kind.create_discount

    def spoiled(self: Any, request: Any) -> Any:
        between.now = fault
        try:
            return real(self, request)
        finally:
            between.now = after

    monkeypatch.setattr(kind, "create_discount", spoiled)


@pytest.mark.parametrize("fault", NAMES)
def test_whatever_becomes_of_the_answer_no_code_stays(
    shop_house: House, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = shop_house.side.sell()
    with Faults(upstream(shop_house)) as between:
        spoil_the_making(monkeypatch, shop_house, between, fault)
        steps = tried(shop_house, ref)
    assert steps["code_made"] is False
    assert steps.get("code_revoked", True)
    assert shop_house.codes() == []


def test_where_nobody_can_say_whether_the_code_is_there_the_taking_back_failed(
    shop_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = shop_house.side.sell()
    with Faults(upstream(shop_house)) as between:
        spoil_the_making(monkeypatch, shop_house, between, "hang up", after="500")
        steps = tried(shop_house, ref)
    assert steps["code_revoked"] is False


def test_where_the_policy_gives_no_codes_none_is_tried(tmp_path: Path, clock: StandingClock) -> None:
    house = House(tmp_path, clock, "shopify", compensation={"enabled": False})
    store(house).shop.scopes -= {"write_discounts", "read_discounts"}
    assert tried(house, house.side.sell()) == dict.fromkeys([*LINE[:4], "no_codes"], True)
    house.close()
