"""A new shop shows what it would send; going live mails only about what arrives from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration.db.tables import FollowUpRow, MailRow, Shop
from integration.flows import alerts, connecting, going_live, sent_mails
from integration.flows.going_live import Consequences
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.stores import store
from tests.flows.test_accounts import known, settled


def preview(house: House) -> None:
    """Mia connected it to look around first."""
    with house.services.db.writing() as session:
        shop = house.shop(session)
        shop.state, shop.live_since = "preview", None


def name(house: House) -> str:
    return house.rows(Shop)[0].name


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    made = make_house(survey_delay="3d")
    preview(made)
    return made


def test_a_preview_plans_and_builds_and_nothing_leaves(house: House) -> None:
    house.deliver()
    house.clock.advance(days=3)
    house.run()
    house.clock.advance(days=10)
    house.run()
    assert house.mails() == []
    kept = {row.kind: (row.state, row.reason) for row in house.rows(MailRow)}
    assert kept == dict.fromkeys(("label", "survey", "survey_reminder"), ("skipped", "preview"))


def test_the_desk_shows_each_mail_as_it_would_look(house: House) -> None:
    mia = known(house, settled(house))
    house.deliver()
    [line], more = sent_mails.listed(house.services, mia.shops, "would", 0)
    shown = sent_mails.opened(house.services, mia, line.id)
    assert (line.kind, line.reason, more) == ("label", "preview", False)
    assert "sam@example.com" in shown.to
    assert len(shown.attachments) == 1
    assert "<html" in shown.html


def test_mails_to_the_owner_do_leave(house: House) -> None:
    with house.services.db.writing() as session:
        alerts.tell_owner(session, house.services, house.shop(session), "labels_left", house.clock.now, left=3)
    house.run()
    assert house.kinds() == ["owner_notice"]


def test_going_live_tells_its_consequences_first(house: House) -> None:
    for _ in range(7):
        house.deliver()
    house.clock.advance(minutes=1)
    assert going_live.consequences(house.services, house.shop_id) == Consequences(
        past=0, deliveries=7, days=14, mails_a_day=1.5, kept_back=7, leaves=False
    )


def test_past_deliveries_get_no_mail_and_new_ones_do(house: House) -> None:
    house.deliver(email="before@example.com")
    house.clock.advance(hours=1)
    connecting.set_state(house.services, name(house), "live")
    house.clock.advance(days=20)
    house.run()
    assert house.mails() == []
    planned = {(row.kind, row.state, row.reason) for row in house.rows(FollowUpRow) if row.kind != "label"}
    assert planned == {("survey", "skipped", "before_live"), ("survey_reminder", "skipped", "before_live")}
    house.deliver(email="after@example.com")
    assert house.kinds() == ["label"]
    assert house.mails()[0].message["To"].addresses[0].addr_spec == "after@example.com"


def test_what_arrives_in_the_second_of_going_live_gets_its_mail(house: House) -> None:
    house.clock.advance(milliseconds=400)
    connecting.set_state(house.services, name(house), "live")
    house.deliver()  # stores tell whole seconds
    assert house.kinds() == ["label"]


def test_a_delivery_of_before_that_is_told_after_gets_no_mail(house: House) -> None:
    ref = house.side.sell()
    told = house.side.arrive(ref)
    house.clock.advance(hours=1)
    connecting.set_state(house.services, name(house), "live")
    assert house.post(*told) == 200
    house.run()
    assert house.mails() == []
    assert {row.reason for row in house.rows(FollowUpRow)} == {"before_live"}


def test_pausing_a_preview_leaves_it_a_preview_and_pausing_a_live_shop_keeps_its_day(house: House) -> None:
    connecting.set_state(house.services, name(house), "paused")
    assert house.rows(Shop)[0].state == "preview"
    connecting.set_state(house.services, name(house), "live")
    since = house.rows(Shop)[0].live_since
    house.clock.advance(days=1)
    connecting.set_state(house.services, name(house), "paused")
    connecting.set_state(house.services, name(house), "live")
    assert house.rows(Shop)[0].live_since == since


def test_of_a_fresh_shop_the_store_is_asked(house: House) -> None:
    for status in ("delivered", "delivered", "completed", "processing"):
        store(house).add_order(status=status)
    house.clock.advance(minutes=1)
    found = going_live.consequences(house.services, house.shop_id)
    assert (found.by_store, found.days) == (True, 60)
    assert found.deliveries >= 2
    assert found.mails_a_day > 0


def test_a_store_that_cannot_be_asked_leaves_it_unknown(house: House) -> None:
    house.side.stop()
    assert going_live.consequences(house.services, house.shop_id) == Consequences(0, 0, 14, 0.0, 0, leaves=False)


def test_it_says_whether_mails_leave_and_surveys_have_their_address(house: House) -> None:
    own = house.services.settings
    away = replace(own, mail=replace(own.mail, transport="smtp"), shop=replace(own.shop, address=""))
    told = going_live.consequences(replace(house.services, settings=away), house.shop_id)
    assert (told.leaves, told.surveys) == (True, False)
