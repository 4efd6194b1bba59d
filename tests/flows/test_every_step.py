"""Every step of the line has its crash point; the plug is pulled at each, and nothing is lost or done twice (E11 a)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from integration.clock import system_clock
from integration.db.mail_tables import MailEvent
from integration.db.tables import (
    CodeRow,
    ComplaintRow,
    HistoryRow,
    LabelRow,
    MailRow,
    OrderRow,
    Receipt,
    ReturnRow,
    StockLabel,
    Suppression,
    Task,
)
from integration.flows import erasures, labels, reconcile
from tests.conftest import NewDatabase
from tests.flows.house import House
from tests.flows.plugs import ONCE, PULLED, Plug, Serving, copies, ends_well, pulled, restarted
from tests.flows.shoppers import store_of
from tests.flows.stores import arrived_untold
from tests.house.conftest import ROOT

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DAMAGED = {"score": "2", "cause": "damaged", "text": "Llegó rota"}
ELSEWHERE = {
    "backup_before_upgrade": "test_upgrading.py", "backup_copied": "test_backups.py", "key_added": "test_keys.py",
    "backup_sealed": "test_backups.py", "inbox_committed": "test_crash_points.py",
    "answer_committed": "test_crash_points.py", "export_written": "test_people.py", "person_erased": "test_people.py",
}  # fmt: skip
DELIVERED = (
    "receipt_acted", "receipt_taken", "task_claimed", "label_reserved", "label_drawn", "label_kept",
    "mail_sending", "task_recorded",
)  # fmt: skip
MAKING_A_CODE = ("code_created", "code_noted")
OTHERS = (
    "webhook_admitted", "mail_accepted", "code_revoked", "page_taken", "erasure_noted", "bounce_committed",
    "return_announced", "case_decided", "opt_out_committed",
)  # fmt: skip


def test_every_crash_point_of_the_code_is_died_at_by_a_test() -> None:
    files = [path for top in ("integration", "webhooks") for path in (ROOT / top).rglob("*.py")]
    code = "".join(path.read_text("utf-8") for path in files)
    points = set(re.findall(r"checkpoint\(\"(\w+)\"\)", code))
    assert points == {*DELIVERED, *MAKING_A_CODE, *OTHERS, *ELSEWHERE}
    for point, file in ELSEWHERE.items():
        assert f'"{point}"' in (ROOT / "tests" / "flows" / file).read_text("utf-8")


@pytest.fixture
def house(tmp_path: Path, new_database: NewDatabase) -> Iterator[Serving]:
    """Mia's WooCommerce shop, served by whoever reads its config."""
    made = Serving(tmp_path, "woocommerce", new_database(tmp_path), carrier="prepaid")
    with made.services.db.writing() as session:
        for number in range(3):
            labels.add_stock(session, made.shop(session), b"%PDF-1.4 " + bytes([65 + number]), "l.pdf", system_clock())
    yield made
    made.close()


def answered(house: House) -> None:
    """Sam says what is wrong."""
    assert house.client.post(house.link("survey", "s"), data=DAMAGED).status_code == 200


def well_in_the_end(house: Serving) -> None:
    """When the time has passed that doubt takes, every promise was kept, each label was used once."""
    house.later(timedelta(minutes=12))
    house.later(timedelta(days=2))
    ends_well(house)
    assert [label.state for label in house.rows(LabelRow)] == ["created"]
    assert len([one for one in house.rows(StockLabel) if one.label_id]) == 1
    assert {str(sent.message["Message-ID"]) for sent in house.mails()} <= {
        row.message_id for row in house.rows(MailRow)
    }


@pytest.mark.slow
@pytest.mark.parametrize("point", DELIVERED)
def test_between_the_delivery_and_its_mails(house: Serving, point: str) -> None:
    told = house.side.arrive(house.side.sell())
    assert house.post(*told) == 200
    pulled(house, point)
    restarted(house)
    house.later(timedelta(minutes=12))
    assert house.post(*told) == 200
    answered(house)
    house.run()
    well_in_the_end(house)
    assert copies(house) == ONCE


@pytest.mark.slow
@pytest.mark.parametrize("point", MAKING_A_CODE)
def test_between_the_store_that_made_a_code_and_our_note_of_it(house: Serving, point: str) -> None:
    house.deliver()
    answered(house)
    pulled(house, point)
    assert len(house.codes()) == 1
    restarted(house)
    well_in_the_end(house)
    assert copies(house) == ONCE


@pytest.mark.slow
def test_between_the_mail_server_that_took_a_mail_and_our_note_of_it(house: Serving) -> None:
    assert house.post(*house.side.arrive(house.side.sell())) == 200
    pulled(house, "mail_accepted")
    restarted(house)
    answered(house)
    house.run()
    well_in_the_end(house)
    assert copies(house) == ONCE | {"label": 2}


@pytest.mark.slow
def test_between_the_store_that_took_a_code_back_and_our_note_of_it(house: Serving) -> None:
    house.deliver()
    answered(house)
    house.run()
    erase(house)
    pulled(house, "code_revoked")
    assert house.codes() == []
    assert [code.state for code in house.rows(CodeRow)] == ["mailed"]
    restarted(house)
    assert [code.state for code in house.rows(CodeRow)] == ["revoked"]
    assert {task.state for task in house.rows(Task) if task.due_at <= system_clock()} == {"done"}


def erase(house: House) -> None:
    """The store forgets Sam, and we hear of it by looking."""
    [order] = store_of(house).shop.orders.values()
    order["billing"]["email"] = "deleted@site.invalid"
    store_of(house).set_status(order["id"], "delivered")
    reconcile.look(house.services, house.shop_id, now_anyhow=True)


@pytest.mark.slow
def test_between_the_note_of_an_erasure_and_the_erasure(house: Serving) -> None:
    house.deliver()
    [order] = store_of(house).shop.orders.values()
    order["billing"]["email"] = "deleted@site.invalid"
    store_of(house).set_status(order["id"], "delivered")
    pulled(house, "erasure_noted", "reconcile")
    assert [row.erased_at for row in house.rows(OrderRow)] == [None]
    assert len(list(erasures.noted(house.services.settings))) == 1
    reconcile.look(house.services, house.shop_id, now_anyhow=True)
    assert all(row.erased_at and not row.facts for row in house.rows(OrderRow))


@pytest.mark.slow
def test_between_a_page_of_orders_and_the_place_in_the_list(house: Serving) -> None:
    arrived_untold(house)
    pulled(house, "page_taken")
    restarted(house)
    reconcile.look(house.services, house.shop_id, now_anyhow=True)
    house.run()
    assert house.rows(Receipt) == []
    assert copies(house) == {"label": 1, "survey": 1}


@pytest.mark.slow
def test_between_a_bounce_and_the_answer_to_whoever_told_it(house: Serving) -> None:
    house.deliver()
    [mail] = [row for row in house.rows(MailRow) if row.kind == "label"]
    raw = (ROOT / "tests/fixtures/dsn/postfix__no_such_user.eml").read_bytes()
    raw = re.sub(rb"mail_[0-9a-z]{26}", mail.id.encode(), raw)
    (house.folder / "bounce.eml").write_bytes(raw)
    for _ in range(2):
        pulled(house, "bounce_committed", "mails", "bounced", str(house.folder / "bounce.eml"))
    assert [event.kind for event in house.rows(MailEvent)] == ["hard"]
    assert [row.reason for row in house.rows(Suppression)] == ["hard_bounce"]


@pytest.fixture
def answering(house: Serving) -> Iterator[Callable[[str], Plug]]:
    """`answering(point)`: a service that answers, works nothing, and dies once at that step."""
    made: list[Plug] = []

    def make(point: str) -> Plug:
        made.append(Plug(house, point, options=("--no-worker",)))
        made[-1].start()
        return made[-1]

    yield make
    for plug in made:
        plug.stop()


@pytest.mark.slow
def test_between_a_webhook_and_its_commit(house: Serving, answering: Callable[[str], Plug]) -> None:
    plug = answering("webhook_admitted")
    plug.post(house.path, *house.side.arrive(house.side.sell()))
    assert (plug.deaths, len(house.rows(Receipt))) == ([PULLED], 1)
    house.run()
    assert copies(house) == {"label": 1, "survey": 1}


@pytest.mark.slow
def test_between_what_people_sent_and_the_answer_that_they_see(
    house: Serving, answering: Callable[[str], Plug]
) -> None:
    house.deliver()
    [item, *_] = [item["id"] for item in next(iter(store_of(house).shop.orders.values()))["line_items"]]
    goes_back = {f"item-{item}": "1", "reason": "too_big", "wish": "refund"}
    sent = (
        ("return_announced", "label", "r", goes_back),
        ("opt_out_committed", "survey", "u", {"action": "unsubscribe"}),
    )
    for point, kind, purpose, form in sent:
        plug = answering(point)
        plug.post(house.link(kind, purpose), FORM, urlencode(form).encode())
        assert plug.deaths == [PULLED], point
        plug.stop()
    house.run()
    assert len(house.rows(ReturnRow)) == 1
    assert len(house.rows(Suppression)) == 1
    assert copies(house) == {"label": 1, "survey": 1, "return_ack": 1, "owner_return": 1}


@pytest.mark.slow
def test_between_what_the_owner_decided_and_the_answer_that_she_sees(
    house: Serving, answering: Callable[[str], Plug]
) -> None:
    house.deliver()
    assert house.complain("service", "Nadie me contestó").status_code == 200
    house.run()
    plug = answering("case_decided")
    path = re.findall(r"https://mia\.example(/admin/case/[\w-]+)", house.mails("owner_case")[-1].text)[0]
    [case] = house.rows(ComplaintRow)
    form = {"action": "grant", "fix": "explanation", "extra": "yes", "expected_state": case.state}
    answer = plug.answer(path, FORM, urlencode(form).encode())
    assert answer == 0
    plug.wait(lambda: plug.answer(path, FORM, urlencode(form).encode()) == 409, "not told that it moved on")
    house.run()
    assert [code.state for code in house.rows(CodeRow)] == ["mailed"]
    assert len([line for line in house.rows(HistoryRow) if line.to_state == "decided"]) == 1
    assert copies(house)["discount_code"] == 1
