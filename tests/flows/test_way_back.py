"""Whether a store reaches us: asked to call now, through whatever stands in front of the service; and its cron."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import Check
from connectors.http import Http, HttpLimits
from integration.app import create_app
from integration.db.tables import Pause
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.demo.stores.woocommerce_fields import WpError
from integration.flows import reconcile, way_back
from integration.flows.services import Services
from integration.i18n import LANGUAGES, Words, check_words
from tests.conftest import StandingClock
from tests.flows.fronts import Front, certificate_for, front_of
from tests.flows.house import House


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    made = House(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificate_for(tmp_path, "127.0.0.1")


@pytest.fixture
def public(house: House, certificate: Path) -> Iterator[Services]:
    """The service behind a TLS front, as the internet sees it; the store trusts its certificate."""
    with front_of(Front(date=house.clock.now), certificate) as front:
        before = house.services.settings
        server = replace(before.server, public_url=f"https://127.0.0.1:{front.port}", trusted_proxies=1)
        limits = HttpLimits(allow_private_hosts=True, ca_file=str(certificate))
        services = replace(house.services, settings=replace(before, server=server), http=Http(limits))
        front.app = create_app(services)
        store(house).hooks.ca_file = str(certificate)
        yield services


def store(house: House) -> WooCommerceStore:
    found: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    return found


def looked(services: Services, house: House) -> dict[str, Check]:
    """What was looked at; all of it has words in every language."""
    found = way_back.check(services, house.shop_id)
    for one in found:
        for language in LANGUAGES:
            said = check_words(Words(language), one.code, ok=one.ok, params=one.params)
            assert said != one.code
            assert "{" not in said
    return {one.code: one for one in found}


def said(check: Check) -> str:
    return check_words(Words("es"), check.code, ok=check.ok, params=check.params)


def test_a_store_that_reaches_us_says_so_and_keeps_no_webhook_of_it(house: House, public: Services) -> None:
    found = looked(public, house)
    assert found["store_reaches_us"].ok
    assert all(one.ok for one in found.values())
    assert store(house).hooks.all() == []


def test_a_chain_that_the_store_does_not_trust_is_named(house: House, public: Services) -> None:
    store(house).hooks.ca_file = None
    alone = replace(public, http=Http(HttpLimits(allow_private_hosts=True)))
    found = looked(alone, house)["store_reaches_us"]
    assert (found.ok, found.feature, found.params["problem"]) == (False, "advice", "reach_certificate")
    assert "El certificado de 127.0.0.1 no vale" in said(found)


def test_where_only_the_store_is_kept_out_that_is_told_too(house: House, public: Services) -> None:
    store(house).hooks.ca_file = None
    found = looked(public, house)["store_reaches_us"]
    assert (found.ok, found.params.get("problem")) == (False, None)
    assert "puerto 443" in said(found)


def test_a_port_that_nobody_listens_on_is_named(house: House, public: Services) -> None:
    server = replace(public.settings.server, public_url="https://127.0.0.1:1")
    found = looked(replace(public, settings=replace(public.settings, server=server)), house)["store_reaches_us"]
    assert found.params["problem"] == "reach_port"
    assert "Nadie responde en 127.0.0.1, puerto 1" in said(found)


def test_without_a_public_address_nobody_is_asked_to_call(house: House, public: Services) -> None:
    own = public.settings
    settings = replace(
        own, server=replace(own.server, public_url="http://x"), http=replace(own.http, allow_private_hosts=False)
    )
    assert "store_reaches_us" not in looked(replace(public, settings=settings), house)


def test_a_store_whose_cron_stands_still_is_told_after_a_while(house: House, public: Services) -> None:
    assert reconcile.look(public, house.shop_id, now_anyhow=True)
    assert len(store(house).hooks.all()) == 3
    house.clock.advance(minutes=5)
    order = store(house).add_order(status="processing")["id"]
    assert reconcile.look(public, house.shop_id, now_anyhow=True)
    assert "store_cron" not in looked(public, house)
    house.clock.advance(minutes=21)
    found = looked(public, house)
    assert (found["store_cron"].ok, found["store_cron"].params["problem"]) == (False, "dead")
    assert "WP-Cron parece parado" in said(found["store_cron"])
    store(house).deliver(order, "order.updated")
    assert "store_cron" not in looked(public, house)


def test_what_changed_before_there_were_webhooks_is_no_sign_of_a_dead_cron(house: House, public: Services) -> None:
    store(house).add_order(status="processing")
    house.clock.advance(minutes=1)
    assert reconcile.look(public, house.shop_id, now_anyhow=True)
    house.clock.advance(hours=1)
    assert "store_cron" not in looked(public, house)


def test_a_check_that_fails_asks_nobody_to_call_and_one_that_holds_ends_a_pause(house: House, public: Services) -> None:
    now = house.clock.now
    with public.db.writing() as session:
        row = Pause(
            id="pause_1", shop_id=house.shop_id, stream="store", reason="access_refused", since=now,
            until=now + timedelta(days=1),
        )  # fmt: skip
        session.add(row)
    store(house).shop.keys = ("ck_other", "cs_other")
    assert "store_reaches_us" not in looked(public, house)
    assert len(house.rows(Pause)) == 1
    store(house).shop.keys = ("ck_demo", "cs_demo")
    assert looked(public, house)["store_reaches_us"].ok
    assert house.rows(Pause) == []


def test_a_store_that_makes_no_webhook_is_told_by_its_own_checks(house: House, public: Services) -> None:
    def refuse(hook_id: int, asked: dict[str, object]) -> dict[str, object]:
        raise WpError(400, "woocommerce_rest_shop_webhook_invalid_topic", "…")

    store(house).hooks.create = refuse  # type: ignore[method-assign]
    assert "store_reaches_us" not in looked(public, house)
