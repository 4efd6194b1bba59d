"""Several who drain one inbox: each delivery once, and those of an order in the order in which they came."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integration.app import build_services
from integration.domain.events import OrderChanged
from integration.flows import intake
from integration.settings import settings_from
from tests.flows.conftest import MakeHouse
from webhooks import inbox

ORDERS, CHANGES, DRAINS = 5, 8, 3


def test_two_services_never_overtake_one_another(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house("woocommerce", label="off", survey_delay="40d")
    refs = [int(house.side.sell()) for _ in range(ORDERS)]
    told: dict[str, list[Any]] = defaultdict(list)
    for _ in range(CHANGES):
        for ref in refs:
            house.clock.advance(seconds=1)
            house.side.store.set_status(ref, "processing")  # type: ignore[attr-defined]
            headers, body = house.side.store.signed_webhook(ref, "order.updated", house.secret)  # type: ignore[attr-defined]
            assert house.post(headers, body) == 200
            told[str(ref)].append(house.clock.now)
    seen: dict[str, list[Any]] = defaultdict(list)
    handle, together = intake.handle, threading.Barrier(DRAINS)

    def watch(session: Any, services: Any, shop: Any, event: OrderChanged, now: Any) -> None:
        seen[event.order.ref].append(event.order.updated_at)
        handle(session, services, shop, event, now)

    monkeypatch.setattr(intake, "handle", watch)

    def drain(_: int) -> int:
        own = build_services(settings_from(house.config(), house.folder, {}), clock=house.clock)
        together.wait()
        taken = inbox.drain(own)
        own.transport.close()
        own.db.close()
        return taken

    with ThreadPoolExecutor(DRAINS) as threads:
        assert sum(threads.map(drain, range(DRAINS))) == ORDERS * CHANGES
    assert seen == told
    assert {receipt.state for receipt in house.receipts()} == {"done"}


def test_a_flood_at_one_shop_holds_up_no_other(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    from integration.db.tables import Shop

    monkeypatch.setattr(inbox, "TURN", 2)
    house = make_house("shopify")
    with house.services.db.writing() as session:
        session.add(Shop(id="zz_second", connection_id=house.connection.id, name="Second",
                         address="mia-dos.myshopify.com", zone="UTC", locale="es",
                         created_at=house.clock.now))  # fmt: skip
    headers, body = house.side.arrive(house.side.sell())
    for number in range(6):
        assert house.post({**headers, "X-Shopify-Webhook-Id": f"flood-{number}"}, body) == 200
    second = {"X-Shopify-Webhook-Id": "second", "X-Shopify-Shop-Domain": "mia-dos.myshopify.com"}
    assert house.post({**headers, **second}, body) == 200
    order: list[str] = []
    handle = intake.handle
    monkeypatch.setattr(
        intake,
        "handle",
        lambda session, services, shop, *rest: (order.append(shop.id), handle(session, services, shop, *rest)),
    )
    house.drain()
    assert len(order) == 7
    assert order.index("zz_second") == 2
