"""Doctor looks at the disk, the place of the data, the key file, the back-ups and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integration.db import places
from integration.flows import backups, machine
from integration.settings import settings_from
from integration.vault import new_key_line
from tests.flows.conftest import MakeHouse
from tests.flows.house import House


def found(house: House) -> Mapping[str, tuple[bool, Mapping[str, object]]]:
    return {one.check: (one.ok, one.params) for one in machine.examine(house.services)}


@pytest.fixture
def shop(make_house: MakeHouse) -> House:
    return make_house("woocommerce")


@pytest.mark.parametrize(("free", "ok"), [(0.05, True), (0.049, False), (0.5, True)])
def test_a_disk_that_fills_up_is_told(shop: House, monkeypatch: pytest.MonkeyPatch, free: float, ok: bool) -> None:
    monkeypatch.setattr(places, "free_share", lambda path: free)
    assert found(shop)["disk"] == (ok, {"percent": int(free * 100)})


def test_data_on_another_machines_disk_is_told(shop: House, monkeypatch: pytest.MonkeyPatch) -> None:
    if shop.services.db.engine.dialect.name == "postgresql":
        assert "database_place" not in found(shop)
        return
    assert found(shop)["database_place"][0]
    mounts = shop.folder / "mounts"
    mounts.write_text(f"nas:/x {shop.folder} nfs rw 0 0\n", "utf-8")
    monkeypatch.setattr(places, "MOUNTS", mounts)
    assert found(shop)["database_place"] == (False, {"file": "postventa.db", "kind": "nfs"})


def test_a_key_file_that_was_opened_to_others_or_lost_is_told(shop: House) -> None:
    path = shop.folder / "postventa.key"
    assert found(shop)["key_file"] == (True, {"file": "postventa.key"})
    path.chmod(0o640)
    assert not found(shop)["key_file"][0]
    path.unlink()
    assert not found(shop)["key_file"][0]


def test_keys_that_are_a_setting_have_no_file(shop: House) -> None:
    settings = settings_from(shop.config() | {"keys": {"value": new_key_line(1)}}, shop.folder, {})
    shop.services = type(shop.services)(**{**vars(shop.services), "settings": settings})
    assert "key_file" not in found(shop)


def test_a_backup_of_the_last_two_days_is_expected(shop: House) -> None:
    assert found(shop)["backup_none"] == (False, {})
    if shop.services.db.engine.dialect.name == "postgresql":
        return
    backups.make(shop.services.settings, shop.services.db, shop.services.vault, shop.clock.now)
    assert found(shop)["backup"] == (True, {"at": datetime(2026, 11, 21, 12, tzinfo=UTC)})
    shop.clock.advance(days=2, seconds=1)
    assert not found(shop)["backup"][0]


@pytest.mark.parametrize(("apart", "ok"), [(0, True), (119, True), (-119, True), (7200, False), (-86_400, False)])
def test_a_clock_that_differs_from_every_stores_is_told(shop: House, apart: int, ok: bool) -> None:
    store = format_datetime(shop.clock.now + timedelta(seconds=apart), usegmt=True)
    shop.services.http.dates.clear()
    shop.services.http.dates["shop.example"] = store
    shop.services.http.dates["mia.example"] = format_datetime(shop.clock.now, usegmt=True)  # that is us
    assert found(shop)["clock"] == (ok, {"seconds": abs(apart)})


def test_one_store_that_is_right_outvotes_another(shop: House) -> None:
    wrong = format_datetime(shop.clock.now + timedelta(days=1), usegmt=True)
    shop.services.http.dates |= {"a.example": wrong, "b.example": format_datetime(shop.clock.now, usegmt=True)}
    assert found(shop)["clock"][0]


def test_without_a_store_nothing_is_said_of_the_clock(shop: House) -> None:
    shop.services.http.dates.clear()
    assert "clock" not in found(shop)


@pytest.mark.parametrize("date", ["yesterday", "", "Sat, 21 Nov 2026 12:00:00 -0000", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_a_date_that_is_none_is_no_clock(shop: House, date: str) -> None:
    shop.services.http.dates.clear()
    shop.services.http.dates["shop.example"] = date
    assert "clock" not in found(shop)


def test_a_call_leaves_the_stores_date(shop: House) -> None:
    """The shop was looked at when it was connected."""
    assert list(shop.services.http.dates) == ["127.0.0.1"]
