"""What understanding a large webhook costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import connectors
from integration.clock import system_clock
from integration.demo.sides import ShopifySide, Side, WooCommerceSide
from tests.bench.rows import Row, cpu_ms

BODY = 12_000  # bytes, twice a usual order


def bench_parse() -> list[Row]:
    """The slower platform, over 500 webhooks of 12 kB each."""
    sides: dict[str, tuple[Side, str, Callable[[Side], Any]]] = {
        "woocommerce": (WooCommerceSide(system_clock), "order.updated", _woocommerce),
        "shopify": (ShopifySide(system_clock), "orders/updated", _shopify),
    }
    took = []
    for platform, (side, topic, order_of) in sides.items():
        side.start()
        bodies = [large(order_of(side)) for _ in range(500)]
        side.stop()
        parse, now = connectors.store(platform).parse, system_clock()
        took.append(cpu_ms(lambda body, parse=parse, topic=topic, now=now: parse(topic, body, now), bodies))
    return [Row("webhook of 12 kB parsed, CPU", max(took), 1, "ms")]


def _woocommerce(side: Side) -> Any:
    assert isinstance(side, WooCommerceSide)
    _, body = side.arrive(side.sell())
    return json.loads(body)


def _shopify(side: Side) -> Any:
    assert isinstance(side, ShopifySide)
    return side.store.add_order()


def large(order: dict[str, Any]) -> bytes:
    """The order with as many items as fill 12 kB."""
    items = order["line_items"]
    while len(body := json.dumps(order).encode()) < BODY:
        items.append(items[0] | {"id": len(items) + 10**6})
    return body
