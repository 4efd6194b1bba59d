"""Connecting a Shopify shop in Chromium: what is wrong is said, then four values do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from integration.db.tables import Shop
from integration.demo.stores.shopify import ShopifyStore
from integration.flows import accounts
from integration.settings import Server
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.web.desk.conftest import MIA
from tests.web.test_accessibility import RULES, found_by_axe

pytestmark = pytest.mark.browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An installation over HTTP on loopback, which has no shop at Shopify yet."""
    made = House(tmp_path, StandingClock(datetime(2026, 11, 21, 12, tzinfo=UTC)))
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    object.__setattr__(made.services.settings, "server", Server(public_url=url))
    with made.services.db.writing() as session:
        link = accounts.invite(session, made.services, "owner")
    accounts.welcome(made.services, link.rpartition("/")[2], MIA, "es")
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    made.close()


@pytest.fixture
def mia(browser: Browser, house: House) -> Iterator[Page]:
    url = house.services.settings.server.public_url
    with browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce", locale="es") as context:
        made = accounts.log_in(house.services, MIA, "test")
        context.add_cookies([{"name": "postventa", "value": made, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/admin/connect")
        yield page


def test_four_values_connect_a_shop_after_what_was_wrong_is_put_right(mia: Page, house: House) -> None:
    store = ShopifyStore(now=house.clock)
    store.bucket.maximum = store.bucket.available = 10**9
    base = store.start()
    store.add_order()
    store.shop.scopes.discard("read_customers")
    mia.click("main a:has-text('Shopify')")
    for name, value in (
        ("domain", "https://admin.shopify.com/store/mia/orders"),
        ("client_id", store.client_id),
        ("client_secret", store.client_secret),
        ("api_base", base),
    ):
        mia.fill(f"[name={name}]", value)
    mia.click("main form button")
    said = mia.locator("[role=alert]").inner_text()
    assert "A la app le falta el permiso read_customers" in said
    assert found_by_axe(mia, RULES) == []
    assert mia.input_value("[name=client_id]") == store.client_id
    assert mia.input_value("[name=client_secret]") == ""
    store.shop.scopes.add("read_customers")
    mia.fill("[name=client_secret]", store.client_secret)
    mia.click("main form button")
    mia.wait_for_url("**/admin/shops/**")
    store.stop()
    assert mia.locator("h1").inner_text() == "Mia"
    assert "vista previa" in mia.locator("main").inner_text()
    assert found_by_axe(mia, RULES) == []
    assert [shop.state for shop in house.rows(Shop) if shop.address == "mia.myshopify.com"] == ["preview"]
