"""The contract of a store on what webhooks missed, and on notes: kept by every platform folder found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integration.domain.facts import Order
from tests.connectors.conftest import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://mia.example/webhooks/any/key"
SECRET = "whs-canary"


def changed(store: Store, since: datetime) -> list[Order]:
    """Every order of every page."""
    found: list[Order] = []
    cursor = ""
    while True:
        page = store.connector.changed_orders(since, cursor)
        assert (page.erased, page.unreadable) == ((), ())
        found += page.orders
        if not page.next_cursor:
            return found
        cursor = page.next_cursor


def sold(store: Store, *moments: datetime) -> list[str]:
    refs = [store.harness.add_order() for _ in moments]
    for ref, at in zip(refs, moments, strict=True):
        store.harness.change(ref, at)
    return refs


def test_orders_changed_since_a_moment_come_oldest_change_first(store: Store) -> None:
    late, early, before, just = sold(
        store, NOW + timedelta(minutes=9), NOW + timedelta(minutes=1), NOW - timedelta(seconds=1), NOW
    )
    assert [order.ref for order in changed(store, NOW)] == [just, early, late]
    assert before not in [order.ref for order in changed(store, NOW)]


def test_a_changed_order_is_told_as_whole_as_when_it_is_read(store: Store) -> None:
    (ref,) = sold(store, NOW)
    assert changed(store, NOW) == [store.connector.fetch_order(ref)]


def test_nothing_changed_is_an_empty_page(store: Store) -> None:
    sold(store, NOW)
    assert store.connector.changed_orders(NOW + timedelta(days=1)).orders == ()


@pytest.mark.parametrize("step", [timedelta(), timedelta(seconds=1)], ids=["in one second", "a second apart"])
def test_no_order_is_left_out_between_pages(store: Store, step: timedelta) -> None:
    refs = sold(store, *(NOW + step * place for place in range(230)))
    found = [order.ref for order in changed(store, NOW)]
    assert sorted(set(found)) == sorted(refs)
    assert len(found) <= 1.1 * len(refs)  # the last second of a page may come again


def test_an_order_that_changes_while_pages_are_read_hides_no_other(store: Store) -> None:
    refs = sold(store, *(NOW + timedelta(seconds=place) for place in range(230)))
    first = store.connector.changed_orders(NOW)
    for ref in refs[:50]:
        store.harness.change(ref, NOW + timedelta(hours=1))
    found, cursor = {order.ref for order in first.orders}, first.next_cursor
    while cursor:
        page = store.connector.changed_orders(NOW, cursor)
        found |= {order.ref for order in page.orders}
        cursor = page.next_cursor
    assert found == set(refs)


def test_parcels_nobody_knows_are_no_error(store: Store) -> None:
    assert list(store.connector.open_shipments([])) == []
    assert list(store.connector.open_shipments(["77", "order"])) == []


def test_webhooks_are_made_once_and_made_anew_when_the_store_gave_up(store: Store) -> None:
    if not store.harness.has_webhooks:
        assert store.connector.subscriptions() == ()
        assert store.connector.heal_subscriptions(URL, SECRET) == ()
        return
    made = store.connector.heal_subscriptions(URL, SECRET)
    assert made
    assert set(made) <= set(store.connector.webhook_topics())
    assert store.connector.heal_subscriptions(URL, SECRET) == ()
    assert len(store.harness.hooks()) == len(made)
    store.harness.break_hook(made[0])
    assert len([one for one in store.connector.subscriptions() if one.active]) == len(made) - 1
    assert store.connector.heal_subscriptions(URL, SECRET) == (made[0],)
    assert len(store.harness.hooks()) == len(made)
    assert all(one.active and one.url == URL for one in store.connector.subscriptions())


def test_webhooks_follow_us_to_another_address_and_others_are_left_alone(store: Store) -> None:
    if not store.harness.has_webhooks:
        return
    made = store.connector.heal_subscriptions(URL, SECRET)
    foreign = store.connector.heal_subscriptions("https://eve.example/other", SECRET)
    moved = URL.replace("mia.example", "new.example")
    assert store.connector.heal_subscriptions(moved, SECRET) == made
    urls = sorted({url for _, url in store.harness.hooks()})
    assert urls == ["https://eve.example/other", moved]
    assert len(store.harness.hooks()) == len(made) + len(foreign)


def test_a_note_is_left_once_however_often_it_is_asked(store: Store) -> None:
    (ref,) = sold(store, NOW)
    for text in ("Código PV-1 creado", "Caso C-7K3QXM cerrado", "Código PV-1 creado"):
        assert store.connector.note_on_order(ref, text, "postventa") == ""
    assert store.harness.notes(ref) == ["Código PV-1 creado", "Caso C-7K3QXM cerrado"]


def test_a_note_on_an_order_that_is_gone_is_no_error(store: Store) -> None:
    assert store.connector.note_on_order("999999999999", "Hola", "postventa") == "no_order"
