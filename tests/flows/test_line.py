"""The main job, end to end, on both platforms."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

from integration.db.tables import CodeRow, ComplaintRow, HistoryRow, MailRow, OrderRow, Receipt, ShipmentRow, Task
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


def test_a_delivery_brings_the_label_and_the_survey_by_mail(house: House) -> None:
    house.deliver()
    assert house.kinds() == ["label", "survey"]
    label = house.mails("label")[0]
    [(name, pdf)] = label.attachments.items()
    assert re.fullmatch(r"R-[2-9A-Z]{8}\.pdf", name)
    assert pdf.startswith(b"%PDF")
    assert label.message["To"].addresses[0].addr_spec == "sam@example.com"
    assert label.message["Reply-To"] == "hola@mia.example"
    [order] = house.rows(OrderRow)
    [greeting] = re.findall(r"https://wa\.me/34600000001\?text=(\S+)", label.text)
    assert unquote(greeting) == f"Hola, escribo por mi pedido {order.number}."


def test_a_cause_brings_a_fix_and_a_code_made_in_the_store(house: House) -> None:
    house.deliver()
    page = house.answer(2, "damaged", "La caja llegó rota")
    assert page.status_code == 200
    house.run()
    assert house.kinds()[2:] == ["complaint_ack", "owner_fix", "discount_code"]
    [code] = house.codes()
    assert code.usage_limit == 1
    assert len(code.bound_to) == 1
    assert code.expires is not None
    assert code.expires.startswith("2027-01-20")
    assert code.code in house.mails("discount_code")[0].text.upper()
    [row] = house.rows(CodeRow)
    assert (row.state, row.code) == ("mailed", code.code)


def test_the_same_cause_by_the_form_gives_the_same(house: House) -> None:
    house.deliver()
    assert house.complain("damaged", "Vino roto").status_code == 200
    house.run()
    [case] = house.rows(ComplaintRow)
    assert (case.source, case.fix, case.extra, case.state) == ("form", "resend", "fixed", "decided")
    assert len(house.codes()) == 1


def test_a_good_answer_beside_a_complaint_opens_no_case_and_says_so(house: House) -> None:
    house.deliver()
    house.complain("service", "Nadie contesta")
    page = house.answer(5).text
    [case] = house.rows(ComplaintRow)
    assert "abrimos un caso" not in page
    assert "Guardamos tu respuesta." in page
    assert case.number in page


def test_a_low_score_without_a_cause_opens_a_case_and_gives_no_code(house: House) -> None:
    house.deliver()
    house.answer(1)
    house.run()
    [case] = house.rows(ComplaintRow)
    assert (case.cause, case.state, case.extra) == ("other", "in_progress", "")
    assert "owner_case" in house.kinds()
    assert house.codes() == []


def test_told_three_times_it_acts_once(house: House) -> None:
    ref = house.side.sell()
    told = house.side.arrive(ref)
    for _ in range(3):
        assert house.post(*told) == 200
        assert house.post(*house.side.arrive(ref)) == 200
    house.run()
    assert house.kinds() == ["label", "survey"]
    assert len(house.rows(ShipmentRow)) == 1


def test_the_delivery_time_is_the_stores_not_ours(house: House) -> None:
    ref = house.side.sell()
    told = house.side.arrive(ref)
    house.clock.advance(hours=5)
    assert house.post(*told) == 200
    house.run()
    [order] = house.rows(OrderRow)
    assert order.delivered_at == datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_survey_waits_its_days_and_for_the_shops_hours(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="3d", survey_hours="09:00-19:00")
    house.deliver()
    assert house.kinds() == ["label"]
    house.clock.advance(days=3, hours=5)
    house.run()
    assert house.kinds() == ["label", "survey"]


def test_completed_counts_as_delivered_after_four_days(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    ref = house.side.sell()
    house.side.store.set_status(int(ref), "completed")  # type: ignore[attr-defined]
    house.post(*house.side.store.signed_webhook(int(ref), "order.updated", house.secret))  # type: ignore[attr-defined]
    house.run()
    assert house.kinds() == []
    house.clock.advance(days=4)
    house.run()
    assert house.kinds() == ["label", "survey"]
    [parcel] = house.rows(ShipmentRow)
    assert parcel.confidence == "assumed"


def test_an_order_cancelled_meanwhile_gets_no_survey(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", survey_delay="3d")
    ref = house.deliver()
    house.clock.advance(days=1)
    house.side.store.set_status(int(ref), "cancelled")  # type: ignore[attr-defined]
    house.post(*house.side.store.signed_webhook(int(ref), "order.updated", house.secret))  # type: ignore[attr-defined]
    house.clock.advance(days=3)
    house.run()
    assert house.kinds() == ["label"]


def test_history_stamps_the_complaints_steps_and_holds_no_personal_text(house: House) -> None:
    house.deliver()
    house.answer(2, "damaged", "Palabras de Sam")
    house.run()
    lines = house.rows(HistoryRow)
    steps = [line.to_state for line in lines if line.subject.startswith("complaint_")]
    assert steps == ["received", "decided", "acknowledged"]
    assert not [line for line in lines if "Sam" in line.reason or "sam@" in line.reason]


def test_every_task_ends_done(house: House) -> None:
    house.deliver()
    house.answer(2, "late")
    house.run()
    assert {task.state for task in house.rows(Task) if task.due_at <= house.clock.now} == {"done"}
    assert {mail.state for mail in house.rows(MailRow)} == {"sent"}
    assert {receipt.state for receipt in house.rows(Receipt)} == {"done"}


def test_one_survey_when_the_last_parcel_arrived_and_a_label_per_parcel_if_wanted(make_house: MakeHouse) -> None:
    house = make_house("shopify", label_per="shipment")
    store = house.side.store  # type: ignore[attr-defined]
    order = store.add_order()
    first = store.ship(order["id"], last=False)
    second = store.ship(order["id"])
    house.post(*store.signed_webhook("fulfillments/create", first))
    house.post(*store.signed_webhook("fulfillments/create", second))
    house.post(*store.signed_webhook("fulfillment_events/create", store.delivered_event(order["id"], first["id"])))
    house.run()
    assert house.kinds() == ["label"]
    house.post(*store.signed_webhook("fulfillment_events/create", store.delivered_event(order["id"], second["id"])))
    house.run()
    assert sorted(house.kinds()) == ["label", "label", "survey"]


def test_a_parcel_that_gets_its_tracking_number_later_is_the_same_parcel(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    store = house.side.store  # type: ignore[attr-defined]
    ref = house.side.sell()
    store.set_status(int(ref), "completed")
    house.post(*store.signed_webhook(int(ref), "order.updated", house.secret))
    house.clock.advance(minutes=5)
    tracked = {
        "tracking_provider": "Correos",
        "tracking_number": "PK1",
        "date_shipped": 1795295564,
        "tracking_id": "a1",
    }
    store.shop._order(int(ref))["meta_data"].append({"id": 9, "key": "_wc_shipment_tracking_items", "value": [tracked]})
    store.set_status(int(ref), "delivered")
    house.post(*store.signed_webhook(int(ref), "order.updated", house.secret))
    house.run()
    assert sorted(parcel.state for parcel in house.rows(ShipmentRow)) == ["cancelled", "delivered"]
    assert house.kinds() == ["label", "survey"]
