"""A WooCommerce order in our words: states, times, money, parcels, languages, and every kind of poison."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.stores.woocommerce.connector import WooCommerce
from integration.domain.errors import BadPayload
from integration.domain.events import Event, OrderChanged
from integration.domain.facts import Address, Order, Shipment
from integration.domain.money import Money
from tests.connectors.woocommerce_captures import body, capture, order

NOW = datetime(2026, 11, 21, 23, tzinfo=UTC)
COMPLETED = datetime(2026, 11, 21, 21, 12, 44, tzinfo=UTC)
TRACKING = "_wc_shipment_tracking_items"


def read(raw: bytes) -> Order:
    (event,) = WooCommerce.parse("order.updated", raw, NOW)
    assert isinstance(event, OrderChanged)
    return event.order


def changed(**changes: Any) -> Order:
    return read(body(**changes))


def captured(name: str) -> Order:
    return read(capture(name)[1])


def tracked(*entries: Any) -> list[dict[str, Any]]:
    return [{"key": TRACKING, "value": list(entries)}]


# -- the whole ------------------------------------------------------------------------------------


def test_the_captured_order_with_tracking() -> None:
    found = captured("order.updated__completed_with_tracking")
    assert (found.ref, found.number, found.state, found.status) == ("109", "109", "shipped", "completed")
    assert found.placed_at == datetime(2026, 11, 21, 21, 12, 43, tzinfo=UTC)
    assert found.updated_at == found.status_at == COMPLETED
    assert found.total == Money(Decimal("1036.00"), "DKK")
    assert found.subtotal == Money(Decimal("997.00"), "DKK")  # 399.20 + 99.80 + 398.40 + 99.60
    assert (found.email, found.first_name, found.phone) == ("guest@example.com", "Guest", "+4512345678")
    assert (found.customer_ref, found.locale, found.country) == ("", "", "DK")
    assert found.shipping == Address(name="Guest Hansen", street="Vej 1", city="Aarhus", postcode="8000", country="DK")
    assert [(item.ref, item.name, item.quantity, item.price.amount, item.sku) for item in found.items] == [
        ("237", "Wool Sweater", 1, Decimal("499.00"), "SWE-1"),
        ("238", "Leather Belt", 2, Decimal("249.00"), "BEL-1"),
    ]
    assert found.shipments == (
        Shipment(
            "51513f97a621b37c6d859d8aa396ba15",
            carrier="DHL Parcel",
            tracking="JJD000390007882823",
            shipped_at=datetime(2026, 11, 21, 21, 12, 44, tzinfo=UTC),
        ),
    )


def test_a_refunded_order_keeps_its_own_time_and_a_draft_has_no_shopper_yet() -> None:
    refunded = captured("order.updated__refunded")
    assert (refunded.state, refunded.status_at) == ("refunded", datetime(2026, 11, 21, 21, 0, 33, tzinfo=UTC))
    draft = captured("order.updated__checkout_draft")
    assert (draft.state, draft.email, draft.shipments) == ("draft", "", ())


# -- states, times, parcels -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *[("completed", "shipped"), ("shipped", "shipped"), ("delivered", "delivered"), ("trash", "removed")],
        *[("cancelled", "cancelled"), ("refunded", "refunded"), ("checkout-draft", "draft"), ("pending", "draft")],
        *[("failed", "draft"), ("processing", "open"), ("on-hold", "open"), ("partial-shipped", "open")],
    ],
)
def test_a_status_becomes_a_state_and_stays_itself(status: str, state: str) -> None:
    found = changed(status=status)
    assert (found.state, found.status) == (state, status)


def test_completed_counts_from_its_completion_and_delivered_from_its_last_change() -> None:
    later = {"date_modified_gmt": "2026-11-25T08:00:00"}
    assert changed(**later).status_at == COMPLETED
    assert changed(status="delivered", **later).status_at == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert changed(status="completed", date_completed_gmt=None, **later).status_at == datetime(
        2026, 11, 25, 8, tzinfo=UTC
    )


def test_delivered_delivers_every_parcel_by_the_stores_word() -> None:
    entries = [{"tracking_id": "a", "tracking_number": "1"}, {"tracking_number": "2"}]
    found = changed(status="delivered", meta_data=tracked(*entries))
    assert [(parcel.ref, parcel.state, parcel.confidence) for parcel in found.shipments] == [
        ("a", "delivered", "store"),
        ("2", "delivered", "store"),
    ]
    assert {parcel.delivered_at for parcel in found.shipments} == {found.status_at}


@pytest.mark.parametrize(("status", "count"), [("completed", 1), ("delivered", 1), ("processing", 0), ("refunded", 0)])
def test_an_order_without_tracking_is_one_parcel_once_it_left(status: str, count: int) -> None:
    found = changed(status=status, meta_data=[])
    assert [parcel.ref for parcel in found.shipments] == ["order"] * count
    assert all(parcel.shipped_at == COMPLETED for parcel in found.shipments)


def test_a_parcel_on_its_way_before_the_order_is_complete() -> None:
    found = changed(status="partial-shipped", date_completed_gmt=None)
    assert [parcel.state for parcel in found.shipments] == ["under_way"]


@pytest.mark.parametrize(
    ("value", "refs"),
    [
        *[("", []), ([], []), ("a:1:{}", []), (None, []), ([{}], []), ([None, 7, "x"], []), (True, [])],
        ({"1": {"tracking_number": "A"}, "3": {"tracking_number": "B"}}, ["A", "B"]),
        ([{"tracking_number": "A"}, {"tracking_number": "A"}], ["A"]),
        ([{"tracking_number": 7}, {"tracking_number": "B", "date_shipped": "soon"}], ["B"]),
    ],
)
def test_a_plugins_odd_tracking_costs_no_order(value: Any, refs: list[str]) -> None:
    found = changed(status="processing", meta_data=[{"key": TRACKING, "value": value}])
    assert [parcel.ref for parcel in found.shipments] == refs


@pytest.mark.parametrize(
    ("written", "day"),
    [(1795295564, "2026-11-21"), ("1795295564", "2026-11-21"), (0, ""), ("0", ""), (-5, ""), ("99999999999", "")],
)
def test_the_day_it_was_sent_comes_from_the_plugin_unless_it_is_none(written: Any, day: str) -> None:
    (parcel,) = changed(
        status="processing", meta_data=tracked({"tracking_number": "A", "date_shipped": written})
    ).shipments
    assert (f"{parcel.shipped_at:%Y-%m-%d}" if parcel.shipped_at else "") == day


@pytest.mark.parametrize(
    ("status", "fulfilled", "state", "parcels"),
    [
        ("processing", "fulfilled", "shipped", 1),
        ("processing", "partially_fulfilled", "open", 0),
        ("processing", "no_fulfillments", "open", 0),
        ("cancelled", "fulfilled", "cancelled", 0),
        ("delivered", "fulfilled", "delivered", 1),
    ],
)
def test_core_fulfilments_say_that_it_was_sent(status: str, fulfilled: str, state: str, parcels: int) -> None:
    found = changed(status=status, meta_data=[{"key": "_fulfillment_status", "value": fulfilled}])
    assert (found.state, len(found.shipments)) == (state, parcels)


# -- people, words, money -------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["wpml_language", "_wpml_language", "_polylang_lang", "trp_language", "weglot"])
def test_a_multilingual_plugin_says_the_language(key: str) -> None:
    assert changed(meta_data=[{"key": key, "value": "pt_BR"}]).locale == "pt_BR"


@pytest.mark.parametrize("value", ["", None, 7, ["es"], "<b>es</b>", "es; DROP"])
def test_what_is_no_language_is_none(value: Any) -> None:
    assert changed(meta_data=[{"key": "wpml_language", "value": value}]).locale == ""


def test_the_number_of_a_numbering_plugin_is_what_the_shopper_knows() -> None:
    found = changed(number="2026-0042", customer_id=7)
    assert (found.ref, found.number, found.customer_ref) == ("109", "2026-0042", "7")


def test_redeemed_codes_are_told() -> None:
    assert changed(coupon_lines=[{"code": "sorry-1"}]).discount_codes == ("sorry-1",)


def test_prices_without_tax_stay_without() -> None:
    found = changed(prices_include_tax=False)
    assert found.subtotal == Money(Decimal("797.60"), "DKK")
    assert found.items[1].price == Money(Decimal("199.20"), "DKK")


def test_pesos_have_no_cents() -> None:
    line = {"id": 1, "name": "Poncho", "quantity": 3, "total": "8403", "total_tax": "1597"}
    found = changed(currency="CLP", total="12990", line_items=[line])
    assert (found.subtotal.minor, found.items[0].price.minor) == (10000, 3333)


def test_half_a_kilo_is_one_thing_and_an_amp_is_an_ampersand() -> None:
    line = {"id": 1, "name": "Jam&oacute;n &amp; queso", "quantity": 0.5, "total": "9", "total_tax": "0"}
    (item,) = changed(line_items=[line]).items
    assert (item.name, item.quantity) == ("Jamón & queso", 1)


def test_what_is_not_shipped_is_not_physical() -> None:
    assert not any(item.physical for item in changed(needs_processing=False).items)


# -- poison ---------------------------------------------------------------------------------------


def test_odd_but_possible_orders_are_read() -> None:
    line = {"id": 1, "name": "\ud800Rabatt\0", "quantity": 0, "total": "-5", "total_tax": "-1.25"}
    found = changed(line_items=[line], date_created_gmt="2031-01-01T00:00:00", billing={"email": " a@b.cl "})
    assert found.items[0].price.amount == Decimal("-6.25")
    assert found.items[0].name == "?Rabatt"
    assert (found.placed_at.year, found.email) == (2031, "a@b.cl")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": True}, "$.id"),
        ({"status": None}, "$.status"),
        ({"currency": "kr."}, "$.currency"),
        ({"total": [1]}, "$.total"),
        ({"date_created_gmt": None}, "$.date_created_gmt"),
        ({"date_created_gmt": "yesterday"}, "$.date_created_gmt"),
        ({"billing": []}, "$.billing"),
        ({"billing": {"email": 7}}, "$.billing.email"),
        ({"line_items": [{"id": 1, "total": "1", "quantity": 10**10}]}, "$.line_items[0].quantity"),
        ({"line_items": {"0": 1}}, "$.line_items"),
        ({"meta_data": [7]}, "$.meta_data[0]"),
    ],
)
def test_a_wrong_shape_names_its_path(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(BadPayload) as caught:
        changed(**changes)
    assert caught.value.params["path"] == path


def test_not_a_number_is_no_order() -> None:
    raw = body().replace(b'"1036.00"', b"NaN")
    with pytest.raises(BadPayload):
        read(raw)
    for amount in ("NaN", "Infinity", "1e400", "1,036.00", ""):
        with pytest.raises(BadPayload):
            changed(total=amount)


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(some.characters()),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(order())


@given(some.dictionaries(some.sampled_from(FIELDS), JSON, min_size=1, max_size=4))
def test_any_poison_in_any_field_is_an_order_or_a_bad_payload(changes: dict[str, Any]) -> None:
    told: list[Event] = []
    try:
        told = WooCommerce.parse("order.updated", json.dumps(order(**changes)).encode(), NOW)
    except BadPayload:
        return
    assert len(told) == 1


@given(some.sampled_from(["billing", "line_items", "meta_data", "coupon_lines"]), some.data())
def test_any_poison_one_level_down_is_an_order_or_a_bad_payload(field: str, data: some.DataObject) -> None:
    whole = order()
    inner = whole[field] if isinstance(whole[field], dict) else (whole[field] or [{"code": "x"}])[0]
    inner |= data.draw(some.dictionaries(some.sampled_from(sorted(inner)), JSON, min_size=1, max_size=3))
    whole[field] = inner if isinstance(whole[field], dict) else [inner]
    try:
        WooCommerce.parse("order.updated", json.dumps(whole).encode(), NOW)
    except BadPayload:
        return
