"""A shop hands its keys over https, through its own pages, to the service as the internet sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.http import Http, HttpLimits
from integration.app import create_app
from integration.db.care_tables import Joining
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import accounts, joining
from integration.flows.accounts import Person
from integration.flows.services import Services
from tests.conftest import StandingClock
from tests.flows.fronts import Front, certificate_for, front_of
from tests.flows.house import House
from tests.stores.test_woocommerce_server_auth import Browser, link

MIA = {"name": "Mia", "email": "mia@mia.example", "password": "correct horse battery"}


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    made = House(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def lia(clock: StandingClock) -> Iterator[WooCommerceStore]:
    """A shop that is not connected yet."""
    store = WooCommerceStore("ck_lia", "cs_lia", clock)
    store.start()
    yield store
    store.stop()


@pytest.fixture
def public(house: House, lia: WooCommerceStore, tmp_path: Path) -> Iterator[Services]:
    """The service behind a TLS front with a certificate that the shop trusts."""
    certificate = certificate_for(tmp_path, "127.0.0.1")
    lia.approvals.ca_file = lia.hooks.ca_file = str(certificate)
    with front_of(Front(date=house.clock.now), certificate) as front:
        own = house.services.settings
        server = replace(own.server, public_url=f"https://127.0.0.1:{front.port}", trusted_proxies=1)
        limits = HttpLimits(allow_private_hosts=True, ca_file=str(certificate))
        services = replace(house.services, settings=replace(own, server=server), http=Http(limits))
        front.app = create_app(services)
        yield services


def mia(services: Services) -> Person:
    with services.db.writing() as session:
        word = accounts.invite(session, services, "owner").rpartition("/")[2]
    person = accounts.person(services, accounts.welcome(services, word, MIA, "es"))
    assert person
    return person


def approved(lia: WooCommerceStore, url: str) -> tuple[int, str]:
    """She logs in and approves: the status of the shop's answer, and where it sends her."""
    parts, browser = urlsplit(url), Browser(lia)
    _, page, _ = browser.go(f"{parts.path}?{parts.query}")
    _, _, place = browser.go(link(page, "action"), log="mia", pwd="mia")
    status, _, back = browser.go(link(browser.go(place)[1], "href", "wc-auth-approve"))
    return status, back


def test_keys_come_over_https_and_are_answered_exactly_200(
    house: House, public: Services, lia: WooCommerceStore
) -> None:
    who = mia(public)
    begun = joining.begin(public, who, lia.url)
    url = joining.opened(public, who, begun.joining_id).approve_at
    status, back = approved(lia, url)
    base = public.settings.server.public_url
    assert (status, back.split("?")[0]) == (302, f"{base}/admin/connect/woocommerce/{begun.joining_id}/back")
    assert [row.state for row in house.rows(Joining)] == ["keyed"]
    done = joining.finish(public, who, begun.joining_id)
    assert {check.code: check.ok for check in done.checks}["store_reaches_us"]
    assert all(check.ok for check in done.checks)
    [(secret, permissions)] = lia.shop.granted.values()
    assert permissions == "read_write"
    assert secret not in str([row.model_dump() for row in house.rows(Joining)])


def test_a_second_approval_with_the_same_word_is_refused_and_leaves_no_key(
    house: House, public: Services, lia: WooCommerceStore
) -> None:
    who = mia(public)
    url = joining.opened(public, who, joining.begin(public, who, lia.url).joining_id).approve_at
    assert approved(lia, url)[0] == 302
    assert approved(lia, url)[0] == 401
    assert len(lia.shop.granted) == 1


def test_a_word_that_is_too_old_leaves_no_key_in_the_shop(
    house: House, public: Services, lia: WooCommerceStore
) -> None:
    who = mia(public)
    url = joining.opened(public, who, joining.begin(public, who, lia.url).joining_id).approve_at
    house.clock.advance(hours=1, minutes=1)
    assert approved(lia, url)[0] == 401
    assert lia.shop.granted == {}


def test_a_read_only_approval_is_told_and_nothing_is_connected(
    house: House, public: Services, lia: WooCommerceStore
) -> None:
    lia.approvals.permissions = "read"
    who = mia(public)
    begun = joining.begin(public, who, lia.url)
    assert approved(lia, joining.opened(public, who, begun.joining_id).approve_at)[0] == 302
    done = joining.finish(public, who, begun.joining_id)
    assert done.shop_id == ""
    assert [check.params["problem"] for check in done.checks if not check.ok] == ["read_only_key"]
