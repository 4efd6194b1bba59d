"""The contract of a store, kept by every platform folder found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors import store as connector_class
from integration.domain.errors import (
    BadPayload,
    BadSignature,
    Permanent,
)
from integration.domain.events import OrderChanged, OrderMentioned
from tests.connectors.conftest import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET, OLD = "whs-new-canary", "whs-old-canary"


# -- the inbox ------------------------------------------------------------------------------------


def test_the_folder_names_its_connector(store: Store) -> None:
    assert connector_class(store.connector.platform) is type(store.connector)
    assert set(store.connector.credential_names) or not store.harness.over_http


def test_the_right_secret_is_accepted_and_so_is_the_old_one_during_a_rotation(store: Store) -> None:
    for signer in (SECRET, OLD):
        delivery = store.connector.verify(*store.harness.webhook(store.harness.add_order(), signer), [SECRET, OLD])
        assert delivery.topic
        assert delivery.key
        assert not delivery.ping


def test_a_forged_or_changed_delivery_is_refused(store: Store) -> None:
    headers, body = store.harness.webhook(store.harness.add_order(), SECRET)
    for secrets in ([OLD], [], [""], [SECRET + " "]):
        with pytest.raises(BadSignature):
            store.connector.verify(headers, body, secrets)
    for changed in (body + b" ", body[:-1], body.replace(b"sam@", b"eve@"), b""):
        with pytest.raises(BadSignature):
            store.connector.verify(headers, changed, [SECRET])


@pytest.mark.parametrize("said", [None, "", "=", "not base64 at all", "ñ\udcff", "A" * 70_000, "v1,abc"])
def test_a_missing_or_garbled_signature_is_refused(store: Store, said: str | None) -> None:
    headers, body = store.harness.webhook(store.harness.add_order(), SECRET)
    (name,) = (name for name in headers if "signature" in name or "hmac" in name)
    spoilt = {key: value for key, value in headers.items() if key != name} | ({name: said} if said is not None else {})
    with pytest.raises(BadSignature):
        store.connector.verify(spoilt, body, [SECRET])


def test_a_repeat_has_the_same_key_and_another_order_another(store: Store) -> None:
    first, second = store.harness.add_order(), store.harness.add_order()
    headers, body = store.harness.webhook(first, SECRET)
    keys = [store.connector.verify(headers, body, [SECRET]).key for _ in range(3)]
    assert len(set(keys)) == 1
    assert store.connector.verify(*store.harness.webhook(second, SECRET), [SECRET]).key != keys[0]


def test_an_unknown_topic_tells_nothing(store: Store) -> None:
    _, body = store.harness.webhook(store.harness.add_order(), SECRET)
    assert store.connector.parse(store.harness.unknown_topic, body, NOW) == []


def test_a_webhook_about_an_order_tells_which(store: Store) -> None:
    ref = store.harness.add_order()
    headers, body = store.harness.webhook(ref, SECRET)
    (event,) = store.connector.parse(store.connector.verify(headers, body, [SECRET]).topic, body, NOW)
    assert isinstance(event, OrderChanged | OrderMentioned)
    assert ref == (event.order.ref if isinstance(event, OrderChanged) else event.order_ref)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[" * 100_000, b'{"id": NaN}', b"null", b"7", b'"x"', b"{}", b"[]"]
)
def test_an_unreadable_body_is_a_bad_payload_or_tells_of_no_order(store: Store, body: bytes) -> None:
    for topic in store.connector.webhook_topics():
        try:
            events = store.connector.parse(topic, body, NOW)
        except BadPayload:
            continue
        assert not any(isinstance(event, OrderChanged) for event in events)


# -- orders ---------------------------------------------------------------------------------------


def test_an_order_is_read_with_its_money_and_its_times(store: Store) -> None:
    order = store.connector.fetch_order(store.harness.add_order())
    assert order is not None
    assert order.email == "sam@example.com"
    assert order.number
    assert order.items
    assert order.total.amount >= order.subtotal.amount > 0
    assert {item.price.currency for item in order.items} == {order.total.currency}
    for moment in (order.placed_at, order.updated_at):
        assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize("ref", ["999999999999", "nothing", "../coupons", "1?x=1", "ñ", ""])
def test_an_unknown_order_is_none_or_a_clear_no(store: Store, ref: str) -> None:
    try:
        assert store.connector.fetch_order(ref) is None
    except (Permanent, BadPayload):
        assert ref != "999999999999"


# -- discounts ------------------------------------------------------------------------------------


def test_a_code_is_made_once_with_exactly_what_was_asked(store: Store) -> None:
    asked = store.harness.discount()
    made = store.connector.create_discount(asked)
    (held,) = store.harness.codes()
    assert held.code.lower() == made.code.lower() == asked.code.lower()
    assert (held.kind, held.value, held.usage_limit) == ("percent", Decimal(10), 1)
    assert held.bound_to in (asked.email.lower(), asked.customer_ref)
    assert held.expires_at is not None
    assert abs(held.expires_at - asked.expires_at) < timedelta(seconds=1)
    assert asked.min_subtotal is not None
    assert held.min_subtotal == asked.min_subtotal.amount
    assert (made.bound, made.usage_limit, made.used, bool(made.ref)) == (True, 1, 0, True)


def test_asked_twice_it_is_the_same_code(store: Store) -> None:
    first, second = (store.connector.create_discount(store.harness.discount()) for _ in range(2))
    assert first == second
    assert len(store.harness.codes()) == 1


def test_a_code_is_found_in_any_case(store: Store) -> None:
    made = store.connector.create_discount(store.harness.discount())
    for code in (made.code, made.code.upper(), made.code.lower()):
        assert store.connector.find_discount(code) == made
    assert store.connector.find_discount("PV-NOSUCHCODE") is None


@pytest.mark.parametrize(
    "change",
    [
        {"value": Decimal(50)},
        {"kind": "fixed"},
        {"min_subtotal": None},
        {"expires_at": datetime(2031, 1, 1, tzinfo=UTC)},
    ],
    ids=["more", "another kind", "no minimum", "longer"],
)
def test_a_code_that_exists_with_other_limits_differs_and_is_left_alone(store: Store, change: dict[str, Any]) -> None:
    asked = store.harness.discount()
    store.connector.create_discount(asked)
    before = store.harness.codes()
    with pytest.raises(Permanent, match="discount_differs"):
        store.connector.create_discount(replace(asked, **change))
    assert store.harness.codes() == before


def test_a_code_that_cannot_be_bound_is_not_left_in_the_store(store: Store) -> None:
    with pytest.raises(Permanent, match="discount_not_bound"):
        store.connector.create_discount(store.harness.unbindable())
    assert store.harness.codes() == []


def test_a_code_is_revoked_as_often_as_one_likes(store: Store) -> None:
    made = store.connector.create_discount(store.harness.discount())
    for _ in range(2):
        store.connector.revoke_discount(made.ref)
    assert store.harness.codes() == []


@pytest.mark.parametrize("kind", ["percent", "fixed", "free_shipping"])
def test_every_kind_the_platform_claims_can_be_made(store: Store, kind: str) -> None:
    assert kind in store.connector.capabilities.discount_kinds
    store.connector.create_discount(replace(store.harness.discount(), kind=kind, value=Decimal("12.5")))
    (held,) = store.harness.codes()
    assert (held.kind, held.value) == (kind, Decimal(0) if kind == "free_shipping" else Decimal("12.5"))


# -- the shop -------------------------------------------------------------------------------------


def test_the_shop_describes_itself(store: Store) -> None:
    info = store.connector.describe()
    assert info.name
    assert len(info.currency) == 3


def test_every_check_of_a_good_shop_holds(store: Store) -> None:
    checks = store.connector.check()
    assert checks
    assert [check for check in checks if not check.ok] == []


# -- connecting ----------------------------------------------------------------------------------------


def test_a_store_without_a_page_to_approve_on_takes_no_keys_from_it(store: Store) -> None:
    asked = store.connector.approval_url(store.url, "state", "https://mia.example/a", "https://mia.example/b")
    if not asked:
        with pytest.raises(BadPayload):
            store.connector.read_approval(b'{"user_id":"state","consumer_key":"ck","consumer_secret":"cs"}')
    assert asked == "" or asked.startswith("http")
    assert all(check.ok for check in store.connector.greet())


def test_orders_are_counted_by_status_or_not_at_all(store: Store) -> None:
    store.harness.add_order()
    counts = store.connector.orders_by_status(NOW - timedelta(days=60))
    assert sum(counts.values()) == (1 if counts else 0)


def test_what_is_forgotten_is_made_anew(store: Store) -> None:
    url = "https://mia.example/webhooks/x/key"
    made = store.connector.heal_subscriptions(url, SECRET)
    store.connector.forget_subscriptions(url)
    again = store.connector.heal_subscriptions(url, SECRET)
    assert again in ((), made)
    assert isinstance(store.connector.knock(url, SECRET), bool)
