"""The store in a folder, beyond what every store keeps."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.http import Http, HttpLimits
from connectors.stores.demo.connector import Demo
from integration.domain.errors import BadPayload, Permanent, Temporary
from integration.domain.events import OrderChanged, OrderRemoved, PersonErased
from integration.domain.facts import Order
from tests.connectors.harness_demo import ORDER
from tests.connectors.harness_woocommerce import SAM

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo("demo", {"folder": str(tmp_path)}, Http(HttpLimits()))


def changed(**changes: object) -> Order:
    (event,) = Demo.parse("order.changed", json.dumps({**ORDER, "id": 1001, **changes}).encode(), NOW)
    assert isinstance(event, OrderChanged)
    return event.order


def test_a_delivered_order_has_a_delivered_parcel() -> None:
    order = changed(status_at="2026-11-21T10:00:00+01:00")
    (parcel,) = order.shipments
    assert (order.state, parcel.state, parcel.confidence) == ("delivered", "delivered", "store")
    assert parcel.delivered_at == order.status_at == datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_parcels_say_for_themselves_whether_they_arrived() -> None:
    parcels = [{"id": "a", "delivered_at": "2026-11-20T10:00:00Z"}, {"id": "b", "tracking": "T1"}]
    order = changed(status="shipped", shipments=parcels)
    assert [(parcel.ref, parcel.state, parcel.tracking) for parcel in order.shipments] == [
        ("a", "delivered", ""),
        ("b", "under_way", "T1"),
    ]


@pytest.mark.parametrize(("status", "count"), [("shipped", 1), ("paid", 0), ("cancelled", 0)])
def test_only_what_left_is_a_parcel(status: str, count: int) -> None:
    assert len(changed(status=status).shipments) == count


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"status": ""}, "$.status"), ({"currency": "EURO"}, "$.currency"), ({"placed_at": None}, "$.placed_at")],
)
def test_a_wrong_order_names_its_path(changes: dict[str, object], path: str) -> None:
    with pytest.raises(BadPayload) as caught:
        changed(**changes)
    assert caught.value.params["path"] == path


def test_removed_and_erased() -> None:
    assert Demo.parse("order.removed", b'{"id":"7"}', NOW) == [OrderRemoved("7")]
    assert Demo.parse("order.erased", b'{"id":"7"}', NOW) == [PersonErased("7")]


def test_many_at_once_lose_no_code_and_leave_no_half_file(demo: Demo, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: demo.create_discount(replace(SAM, code=f"PV-{number}")), range(40)))
    assert len(json.loads((tmp_path / "discounts.json").read_text("utf-8"))) == 40
    assert [file.name for file in tmp_path.iterdir()] == ["discounts.json"]


@pytest.mark.parametrize("text", ["", "{", "[7]", '{"a":1}', "[[]]"])
def test_a_spoilt_file_of_codes_is_named_and_not_written_over(demo: Demo, tmp_path: Path, text: str) -> None:
    (tmp_path / "discounts.json").write_text(text, "utf-8")
    with pytest.raises(BadPayload):
        demo.create_discount(SAM)
    assert (tmp_path / "discounts.json").read_text("utf-8") == text


def test_a_code_bound_to_another_person_differs(demo: Demo) -> None:
    demo.create_discount(SAM)
    with pytest.raises(Permanent, match="discount_differs"):
        demo.create_discount(replace(SAM, email="eve@example.com"))


def test_a_folder_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    gone = Demo("demo", {"folder": str(tmp_path / "gone")}, Http(HttpLimits()))
    with pytest.raises(Temporary, match="unreachable"):
        gone.fetch_order("1")
    with pytest.raises(Temporary, match="unreachable"):
        gone.create_discount(SAM)
    (check,) = gone.check()
    assert (check.ok, check.params["problem"]) == (False, "no_folder")


def test_the_shop_may_say_who_it_is(demo: Demo, tmp_path: Path) -> None:
    assert demo.describe().name == "Demo"
    told = {"name": "Tienda de Mia", "currency": "CLP", "zone": "America/Santiago", "address": {"country": "cl"}}
    (tmp_path / "shop.json").write_text(json.dumps(told), "utf-8")
    info = demo.describe()
    assert (info.name, info.currency, info.zone, info.address.country) == (
        "Tienda de Mia",
        "CLP",
        "America/Santiago",
        "CL",
    )
