"""What webhooks missed is found by a look at the store, and costs nothing where nothing changed (E7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from integration.db.care_tables import Cursor
from integration.db.tables import HistoryRow, OrderRow, Pause, ShipmentRow
from integration.flows import connecting, reconcile
from integration.worker import ticks
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command
from tests.flows.stores import arrived_untold, look, refuse, store

QUARTER = timedelta(minutes=15)


def cursor(house: House) -> Cursor:
    (found,) = [row for row in house.rows(Cursor) if row.stream == "changes"]
    return found


def notices(house: House) -> list[str]:
    house.run()
    return [mail.text for mail in house.mails("owner_notice")]


def test_a_delivery_that_no_webhook_told_is_found_and_mailed(house: House) -> None:
    arrived_untold(house)
    house.clock.advance(minutes=15)
    assert ticks.reconcile(house.services) == 1
    house.run()
    assert house.kinds() == ["label", "survey"]


def test_what_both_tell_acts_once(house: House) -> None:
    ref = house.side.sell()
    told = house.side.arrive(ref)
    for _ in range(2):
        look(house)
        assert house.post(*told) == 200
        house.run()
        house.clock.advance(minutes=15)
    assert house.kinds() == ["label", "survey"]
    assert len(house.rows(ShipmentRow)) == 1


def test_a_shop_is_looked_at_once_in_a_quarter_of_an_hour(house: House) -> None:
    ticks.reconcile(house.services)
    assert reconcile.due(house.services) == []
    assert reconcile.look(house.services, house.shop_id) is None
    house.clock.advance(minutes=15)
    assert reconcile.due(house.services) == [house.shop_id]


def test_only_what_changed_is_written(house: House) -> None:
    for _ in range(5):
        arrived_untold(house)
    look(house)
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    event.listen(house.services.db.engine, "before_cursor_execute", note)
    try:
        house.clock.advance(minutes=15)
        assert look(house).found == 0
        unchanged = len(written)
        arrived_untold(house)
        assert look(house).found == 1
    finally:
        event.remove(house.services.db.engine, "before_cursor_execute", note)
    assert unchanged <= 4
    assert not [statement for statement in written[:unchanged] if "cursors" not in statement]
    assert len(written) > unchanged + 4


def test_a_parcel_that_arrives_without_a_change_of_its_order_is_asked_for(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    order = store(house).add_order()
    parcel = store(house).ship(order["id"])
    assert house.post(*store(house).signed_webhook("orders/updated", order)) == 200
    house.run()
    house.clock.advance(hours=30)
    store(house).delivered_event(order["id"], parcel["id"])
    assert look(house).found == 1
    house.run()
    assert house.kinds() == ["label", "survey"]
    (row,) = house.rows(ShipmentRow)
    assert (row.state, row.confidence, row.delivered_at) == ("delivered", "carrier", house.clock.now)


def test_an_old_parcel_is_asked_for_less_often(make_house: MakeHouse) -> None:
    house = make_house("shopify", assume_after="off", silent_after="90d")
    order = store(house).add_order()
    store(house).ship(order["id"])
    look(house)
    asked: list[int] = []
    for days in (1, 15, 60, 200):
        house.clock.now = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(days=days)
        before = store(house).asked.count("Shipments")
        for _ in range(8):
            house.clock.advance(minutes=15)
            look(house)
        asked.append(store(house).asked.count("Shipments") - before)
    assert asked == [8, 2, 1, 0]


def test_a_paused_shop_is_left_in_peace_and_read_from_where_it_was(house: House) -> None:
    look(house)
    connecting.set_state(house.services, house.side.name, "paused")
    arrived_untold(house)
    house.clock.advance(hours=5)
    assert reconcile.due(house.services) == []
    assert reconcile.look(house.services, house.shop_id, now_anyhow=True) is None
    connecting.set_state(house.services, house.side.name, "live")
    assert ticks.reconcile(house.services) == 1
    house.run()
    assert house.kinds() == ["label", "survey"]


def test_a_store_that_refuses_us_is_told_once_and_read_again_when_it_lets_us_in(house: House) -> None:
    look(house)
    refuse(house)
    arrived_untold(house)
    for _ in range(5):
        house.clock.advance(minutes=15)
        ticks.reconcile(house.services)
    assert [pause.stream for pause in house.rows(Pause)] == ["reading"]
    assert len(notices(house)) == 1
    refuse(house, refused=False)
    house.clock.advance(minutes=15)
    assert ticks.reconcile(house.services) == 1
    assert house.rows(Pause) == []
    house.run()
    assert house.kinds() == ["owner_notice", "label", "survey"]


def test_a_throttled_look_goes_on_where_it_stopped(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    for _ in range(40):
        store(house).add_order()
        house.clock.advance(seconds=2)
    store(house).bucket.available = 1000.0
    total = ticks.reconcile(house.services)
    assert 0 < total < 40
    assert cursor(house).reason == "throttled"
    waits = cursor(house).due_at - house.clock.now
    assert timedelta(seconds=1) <= waits < QUARTER
    for _ in range(5):
        house.clock.now = cursor(house).due_at
        total += ticks.reconcile(house.services)
    assert total == 40
    assert len(house.rows(OrderRow)) == 40


def test_an_order_that_cannot_be_read_is_told_and_holds_up_no_other(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    broken, kept = arrived_untold(house), arrived_untold(house)
    store(house).shop.orders[int(broken)]["total"] = "twelve"
    assert look(house).found == 1
    assert [row.ref for row in house.rows(OrderRow)] == [kept]
    (notice,) = notices(house)
    assert broken in notice


def test_an_order_that_breaks_us_is_told_and_holds_up_no_other(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house("woocommerce")
    refs = [arrived_untold(house) for _ in range(3)]
    real = reconcile.taking_in.intake.handle

    def breaks(session: object, services: object, shop: object, told: object, now: object) -> None:
        if refs[1] in repr(told):
            raise RuntimeError("a fault of ours")
        real(session, services, shop, told, now)  # type: ignore[arg-type]

    monkeypatch.setattr("integration.flows.intake.handle", breaks)
    look(house)
    assert sorted(row.ref for row in house.rows(OrderRow)) == [refs[0], refs[2]]
    monkeypatch.undo()
    (notice,) = notices(house)
    assert refs[1] in notice


def test_an_order_of_2031_hides_nothing(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    far = arrived_untold(house)
    store(house).shop.orders[int(far)]["date_modified_gmt"] = "2031-01-01T00:00:00"
    look(house)
    assert cursor(house).position <= house.clock.now
    house.clock.advance(minutes=15)
    arrived_untold(house)
    assert look(house).found == 1


def test_somebody_whom_the_store_erased_is_erased_here_too(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    ref = house.deliver()
    store(house).shop.orders[int(ref)]["billing"]["email"] = "deleted@site.invalid"
    store(house).set_status(int(ref), "delivered")
    look(house)
    (order,) = house.rows(OrderRow)
    assert order.erased_at
    assert order.facts == {}
    assert look(house).found == 0


def test_an_order_in_the_trash_is_removed_and_gets_no_survey(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", survey_delay="3d")
    ref = house.deliver()
    house.clock.advance(minutes=1)
    store(house).shop.delete_order(int(ref), force=False)
    look(house)
    house.clock.advance(days=3)
    house.run()
    assert house.kinds() == ["label"]


def test_the_history_says_what_was_made_and_holds_no_personal_text(house: House) -> None:
    arrived_untold(house)
    look(house)
    lines = [f"{line.subject} {line.reason}" for line in house.rows(HistoryRow)]
    assert not [line for line in lines if "sam@" in line.lower()]


# -- the command ------------------------------------------------------------------------------------


def test_the_command_says_what_it_found(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    arrived_untold(house)
    told = command(house, "reconcile", house.side.name)
    assert f"{house.side.name}: 1" in told
    assert f"{house.side.name}: 0" in command(house, "reconcile")
    assert len(house.rows(OrderRow)) == 1


def test_the_command_fails_when_a_store_cannot_be_read(house: House) -> None:
    refuse(house)
    with pytest.raises(AssertionError):  # exit 1
        command(house, "reconcile", house.side.name)
