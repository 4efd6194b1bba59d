"""Two ways to run without a resident process: WSGI with cron, and cron alone, that no webhook reaches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from integration.cli.shops import toml
from integration.db.tables import MailRow, OrderRow, Receipt
from integration.flows.services import Services
from tests.cli.conftest import Postventa
from tests.conftest import StandingClock
from tests.flows.house import House

MakeOwn = Callable[[str], House]


@pytest.fixture
def make_own(tmp_path: Path) -> Iterator[MakeOwn]:
    """An installation of the real day, with its config in a file."""
    made: list[House] = []

    def make(platform: str) -> House:
        folder = tmp_path / "house"
        folder.mkdir()
        house = House(folder, StandingClock(datetime.now(UTC)), platform)
        (folder / "config.toml").write_text(toml(house.config()), "utf-8")
        made.append(house)
        return house

    yield make
    for house in made:
        house.close()


@pytest.fixture
def wsgi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Any]]:
    """The module as a server imports it, with its config in the environment."""
    opened: list[ModuleType] = []

    def load(config: Path) -> Any:
        monkeypatch.setenv("POSTVENTA_CONFIG", str(config))
        sys.modules.pop("integration.wsgi", None)
        opened.append(import_module("integration.wsgi"))
        return opened[-1]

    yield load
    sys.modules.pop("integration.wsgi", None)
    for module in opened:
        services: Services = module.app.extensions["postventa"]
        services.transport.close()
        services.db.close()
        module._held.close()


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_wsgi_keeps_and_answers_and_cron_does_the_work(
    make_own: MakeOwn, wsgi: Callable[[Path], Any], postventa: Postventa, platform: str
) -> None:
    house = make_own(platform)
    config = house.folder / "config.toml"
    module = wsgi(config)
    client = module.application.test_client()
    assert client.get("/readyz").status_code == 200
    headers, body = house.side.arrive(house.side.sell())
    assert client.post(house.path, headers=dict(headers), data=body).status_code == 200
    assert [receipt.state for receipt in house.rows(Receipt)] == ["kept"]
    assert house.kinds() == []
    ended = postventa("work", "--until-idle", "--config", str(config))
    assert (ended.code, house.kinds()) == (0, ["label", "survey"])
    answered = client.post(house.link("survey", "s"), data={"score": "2", "cause": "damaged", "text": ""})
    assert answered.status_code == 200
    assert postventa("work", "--until-idle", "--config", str(config)).code == 0
    assert house.kinds()[2:] == ["complaint_ack", "owner_fix", "discount_code"]
    assert len(house.codes()) == 1
    again = postventa("work", "--until-idle", "--config", str(config))
    assert (again.code, len(house.kinds())) == (0, 5)


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_what_no_webhook_tells_is_found_by_looking(make_own: MakeOwn, postventa: Postventa, platform: str) -> None:
    house = make_own(platform)
    house.clock.now += timedelta(seconds=2)  # the store's changes come after the shop was connected
    house.side.arrive(house.side.sell())
    ended = postventa("work", "--until-idle", "--config", str(house.folder / "config.toml"))
    assert ended.code == 0
    assert house.rows(Receipt) == []
    assert [bool(order.delivered_at) for order in house.rows(OrderRow)] == [True]
    assert house.kinds() == ["label", "survey"]
    assert {mail.state for mail in house.rows(MailRow)} == {"sent"}


def test_a_config_that_is_not_there_is_named_in_words(
    wsgi: Callable[[Path], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from integration.domain.errors import Misconfigured

    with pytest.raises(Misconfigured, match="no_config"):
        wsgi(tmp_path / "nowhere.toml")
    assert "nowhere.toml" in capsys.readouterr().err


def test_cron_forgets_what_is_old_as_a_resident_worker_does(make_own: MakeOwn, postventa: Postventa) -> None:
    house = make_own("woocommerce")
    headers, body = house.side.arrive(house.side.sell())
    assert house.post(headers, body) == 200
    house.run()
    with house.services.db.writing() as session:
        session.get_one(Receipt, house.receipts()[0].id).received_at -= timedelta(days=31)
    assert postventa("work", "--until-idle", "--config", str(house.folder / "config.toml")).code == 0
    assert [receipt.body for receipt in house.receipts()] == [b""]
