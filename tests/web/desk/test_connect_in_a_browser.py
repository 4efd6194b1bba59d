"""Connecting a WooCommerce shop in Chromium: the desk, the shop's own page, and back, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from integration.db.care_tables import Ping
from integration.db.tables import Shop
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import accounts
from integration.settings import Server
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.stores.faults import Faults
from tests.web.desk.conftest import MIA
from tests.web.test_accessibility import RULES, found_by_axe

pytestmark = pytest.mark.browser


@dataclass
class World:
    """An installation and a shop that is not connected to it, each on its own port."""

    house: House
    url: str
    lia: WooCommerceStore

    def session(self, context: BrowserContext) -> None:
        made = accounts.log_in(self.house.services, MIA, "test")
        context.add_cookies([{"name": "postventa", "value": made, "url": self.url}])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = StandingClock(datetime(2026, 11, 21, 12, tzinfo=UTC))
    house = House(tmp_path, clock)
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    lia = WooCommerceStore("ck_lia", "cs_lia", clock)
    lia.start()
    lia.approvals.takes_http = True  # what is on loopback has no certificate
    for _ in range(4):
        lia.add_order(status="completed")
    url = f"http://127.0.0.1:{server.server_port}"
    object.__setattr__(house.services.settings, "server", Server(public_url=url))
    with house.services.db.writing() as session:
        link = accounts.invite(session, house.services, "owner")
    accounts.welcome(house.services, link.rpartition("/")[2], MIA, "es")
    yield World(house, url, lia)
    server.shutdown()
    thread.join()
    server.server_close()
    lia.stop()
    house.close()


@pytest.fixture(params=["es", "en", "pt_BR"])
def mia(request: pytest.FixtureRequest, browser: Browser, world: World) -> Iterator[Page]:
    """Mia's phone, in a language."""
    with browser.new_context(
        viewport={"width": 390, "height": 844}, reduced_motion="reduce", locale=request.param.replace("_", "-")
    ) as context:
        world.session(context)
        page = context.new_page()
        page.goto(f"{world.url}/admin/account")
        page.select_option("[name=locale]", request.param)
        page.click("main form .go button")
        yield page


def seen(page: Page, name: str) -> None:
    """Nobody is kept out of this page, on a phone or at a desk."""
    page.wait_for_load_state("networkidle")  # a click may still be on its way to the next page
    language = page.evaluate("document.documentElement.lang")
    page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert found_by_axe(page, RULES) == [], f"{name} in {language} at {width} px"
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"{name} in {language} reflows"
    page.set_viewport_size({"width": 390, "height": 844})


def test_from_the_desk_through_the_shops_own_page_to_a_shop_in_preview(mia: Page, world: World) -> None:
    lia = world.lia
    mia.goto(f"{world.url}/admin/shops")
    mia.click("main a.button")
    seen(mia, "1-platforms")
    mia.click("text=WooCommerce")
    mia.fill("#address", lia.url)
    seen(mia, "2-address")
    mia.click("main form button")
    seen(mia, "3-ways")
    mia.click("main a.button")
    mia.fill("[name=log]", "mia")
    mia.fill("[name=pwd]", "mia")
    mia.click("button")
    assert mia.locator("h1").inner_text() == "Postventa"
    mia.click(".wc-auth-approve")
    mia.wait_for_url("**/delivered?did=connected")
    seen(mia, "4-connected")
    [shop] = [shop for shop in world.house.rows(Shop) if shop.id != world.house.shop_id]
    assert (shop.state, shop.address, shop.check_failed) == ("preview", lia.url, "")
    assert [ping.connection_id for ping in world.house.rows(Ping)] == [shop.connection_id]
    assert len(lia.hooks.all()) == 3
    assert "412" not in mia.content()
    assert mia.locator("dd").all_inner_texts() == ["4", "0"]
    mia.click("main p > a.button")
    seen(mia, "5-shop")
    mia.click("main .box form button")
    assert mia.locator("[role=status] .tag.bad").count() == 0
    seen(mia, "6-checked")


def test_what_goes_wrong_is_said_where_she_is(mia: Page, world: World) -> None:
    mia.goto(f"{world.url}/admin/connect/woocommerce")
    with Faults(world.lia.url) as between:
        between.now = "redirect"
        mia.fill("#address", between.url)
        mia.click("main form button")
        mia.wait_for_selector("[role=alert]")
        seen(mia, "7-moved")
    mia.fill("#address", world.lia.url)
    mia.click("main form button")
    mia.click("main a.button")
    mia.fill("[name=log]", "mia")
    mia.fill("[name=pwd]", "mia")
    mia.click("button")
    mia.click(".wc-auth-deny")
    mia.wait_for_selector("[role=status]")
    seen(mia, "8-denied")
    mia.fill("#consumer_key", "ck_lia")
    mia.fill("#consumer_secret", "cs_wrong")
    mia.click("details button")
    mia.wait_for_selector("[role=alert]")
    seen(mia, "9-refused")
    assert "cs_wrong" not in mia.content()
    mia.fill("#consumer_key", "ck_lia")
    mia.fill("#consumer_secret", "cs_lia")
    mia.click("details button")
    mia.wait_for_url("**/delivered?did=connected")
