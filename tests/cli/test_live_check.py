"""`live-check`: a line per look, and a file that may be shown to strangers."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import connecting
from integration.flows.shops import NewShop
from integration.i18n import LANGUAGES, catalogue
from tests.cli.conftest import Postventa
from tests.flows.house import House


def store(house: House) -> WooCommerceStore:
    found: Any = house.side.store  # type: ignore[attr-defined]
    return found


def kept() -> dict[str, Any]:
    (file,) = Path().glob("live-check-*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_look_is_a_line_in_words_and_a_line_of_the_file(
    postventa: Postventa, house: House, language: str
) -> None:
    house.side.arrive(house.side.sell())
    ended = postventa("live-check", "--with-code", language=language)
    *lines, last = ended.out.splitlines()
    told = kept()
    assert (told["platform"], told["with_code"]) == ("woocommerce", True)
    assert len(lines) == len(told["seen"]) > 15
    signs = {"✓": "ok", "≠": "differs", "?": "could_not"}
    assert [signs[line[0]] for line in lines] == [one["verdict"] for one in told["seen"]]
    titles = [catalogue(language)[f"live.{one['look']}"] for one in told["seen"]]
    assert [line for line, title in zip(lines, titles, strict=True) if not line[2:].startswith(title)] == []
    assert "live-check-woocommerce-" in last
    assert ended.code == 1  # nobody set up webhooks


def test_the_file_holds_no_person_no_place_and_no_key(postventa: Postventa, house: House) -> None:
    buyer = {"email": "sam.secret@example.com", "first_name": "Samantha"}
    house.side.arrive(house.side.sell(**buyer))
    postventa("live-check", "Mia Moda", "--with-code")
    text = json.dumps(kept(), ensure_ascii=False)
    url = store(house).url
    for secret in ("sam.secret", "Samantha", "Torres", "Calle", "+34600", "ck_demo", "cs_demo", "Mia", "PV-", url[7:]):
        assert secret not in text, secret


def test_all_well_ends_well(postventa: Postventa, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.demo.stores.woocommerce_hooks.post", lambda *_: 200)
    assert postventa("reconcile", "--subscribe").code == 0
    house.side.arrive(house.side.sell())
    ended = postventa("live-check")
    assert ended.code == 0, ended.out
    assert "≠" not in ended.out


def test_one_of_several_shops_has_to_be_named(postventa: Postventa, house: House) -> None:
    connecting.add(house.services, NewShop("Otra", "demo", "demo", {}), check=False)
    ended = postventa("live-check")
    assert (ended.code, ended.out) == (2, "")
    assert "SHOP" in ended.err
    assert list(Path().glob("live-check-*")) == []
    assert postventa("live-check", "Nobody").code == 1
