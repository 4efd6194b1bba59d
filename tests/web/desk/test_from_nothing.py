"""The owner's first day in Chromium: account, store, preview, trial, live, an answered case with a code in store."""

from __future__ import annotations

import re
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from integration.cli.shops import toml
from integration.clock import system_clock
from integration.demo import outbox
from integration.demo.stores.woocommerce import WooCommerceStore
from tests.processes import COMMAND, environment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 60.0
Found = TypeVar("Found")


def wait(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)
    return found


class Installation:
    """A folder that `postventa init` filled and Mia completed as the guide says, served by a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "serve.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        subprocess.run([*COMMAND, "init"], cwd=folder, env=environment(), check=True, capture_output=True)
        self._complete(folder / "config.toml")
        with self.log.open("wb") as out:
            serve = [*COMMAND, "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(serve, cwd=folder, env=environment(), stdout=out, stderr=out)

    def _complete(self, path: Path) -> None:
        """What LEEME.md asks for in its chapters 1, 3 and 7, and the leave to call a store on loopback."""
        config = tomllib.loads(path.read_text("utf-8"))
        config["server"] |= {"public_url": self.url}
        config["http"] |= {"allow_private_hosts": True}
        config["shop"] |= {
            "legal_name": "Mia Moda SL", "address": "Calle del Olmo 3, 28012 Madrid",
            "from": "Mia Moda <hola@mia.example>", "reply_to": "hola@mia.example", "owner": "mia@mia.example",
            "zone": "Europe/Madrid", "locale": "es",
        }  # fmt: skip
        config["policy"]["compensation"] |= {
            "enabled": True, "value": 10, "per_code_max": 20, "day_budget": 100, "month_budget": 500,
        }  # fmt: skip
        path.write_text(toml(config), "utf-8")

    def welcome(self) -> str:
        """The link that the first start prints."""
        return wait(lambda: re.search(r"http\S+/admin/welcome/\S+", self.log.read_text("utf-8")), "a welcome")[0]

    def mail(self, kind: str, to: str) -> outbox.Sent:
        """The newest mail of a kind to somebody, as soon as it has left."""

        def look() -> list[outbox.Sent]:
            left = [mail for mail in outbox.read(self.folder / "outbox") if mail.kind == kind]
            return [mail for mail in left if mail.message["To"].addresses[0].addr_spec == to]

        return wait(look, f"a {kind} mail to {to}")[-1]

    def stop(self) -> None:
        """End the service as a reboot would."""
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0, self.log.read_text("utf-8")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def store() -> Iterator[WooCommerceStore]:
    """Mia's shop, with an order of last week that nobody knew of."""
    made = WooCommerceStore("ck_unused", "cs_unused", system_clock)
    made.approvals.takes_http = True
    made.start()
    yield made
    made.stop()


def arrives(store: WooCommerceStore, order: int) -> None:
    """The parcel arrives, and the store tells its webhooks."""
    store.set_status(order, "delivered")
    assert store.deliver(order, "order.updated") == [200]


def test_from_the_setup_link_to_an_answered_case(
    installation: Installation, store: WooCommerceStore, browser: Browser
) -> None:
    with browser.new_context(locale="es-ES", viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        sign_up(page, installation)
        connect(page, installation, store)
        tried_in_preview(page, installation, store)
        go_live(page)
        sam = store.add_order(status="processing", billing={"email": "sam@example.com", "phone": ""})["id"]
        arrives(store, sam)
        complain(browser, installation)
        answer(page, installation)
        [code] = store.coupons()
        assert code["email_restrictions"] == ["sam@example.com"]
        assert code["usage_limit"] == 1
        assert code["code"].upper() in installation.mail("discount_code", "sam@example.com").text.upper()


def sign_up(page: Page, installation: Installation) -> None:
    page.goto(installation.welcome())
    page.fill("[name=name]", "Mia")
    page.fill("[name=email]", "mia@mia.example")
    page.fill("[name=password]", "a few words in a row")
    page.click("main button")
    page.wait_for_url("**/admin/")


def connect(page: Page, installation: Installation, store: WooCommerceStore) -> None:
    """No key is typed: she approves in her own shop."""
    page.goto(f"{installation.url}/admin/connect")
    page.get_by_role("link", name="WooCommerce").click()
    page.fill("[name=address]", store.url)
    page.click("main button")
    page.locator("a[href*='wc-auth']").click()
    page.fill("[name=log]", "mia")
    page.fill("[name=pwd]", "mia")
    page.click("button")
    page.click(".wc-auth-approve")
    page.wait_for_url("**/delivered?did=connected")
    page.locator("main a.button, main button").first.click()


def tried_in_preview(page: Page, installation: Installation, store: WooCommerceStore) -> None:
    """A delivery is planned and shown, and mailed to nobody; a trial is mailed to her."""
    old = store.add_order(status="processing", billing={"email": "ana@example.com", "phone": ""})["id"]
    arrives(store, old)

    def would() -> int:
        page.goto(f"{installation.url}/admin/mails?which=would")
        return page.locator("main .rows").get_by_text(str(old)).count()

    wait(would, "what would have been sent")
    page.goto(f"{installation.url}/admin/shops")
    page.locator("main .rows a").first.click()
    page.locator("a[href$='/try']").click()
    page.fill("[name=order]", str(old))
    page.click("main button")
    expect(page.locator("main [role=status] li")).to_have_count(7)
    expect(page.locator("main .tag.bad")).to_have_count(0)
    installation.mail("try_label", "mia@mia.example")
    assert store.coupons() == []
    assert {mail.message["To"].addresses[0].addr_spec for mail in outbox.read(installation.folder / "outbox")} == {
        "mia@mia.example"
    }


def go_live(page: Page) -> None:
    page.locator("main a[href*='/admin/shops/']").last.click()
    page.locator("a[href$='/live']").click()
    page.click("main button")
    expect(page.locator("main .tag").first).to_have_text("activa")


def complain(browser: Browser, installation: Installation) -> None:
    """Sam, on her phone, follows the link in the mail that came with the label."""
    text = installation.mail("label", "sam@example.com").text
    found = re.search(r"http\S+/c/[\w-]+", text)
    assert found
    with browser.new_context(locale="es-ES", viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(found[0])
        page.check("[name=cause][value=damaged]", force=True)
        page.fill("[name=text]", "La caja llegó rota")
        page.click("main button[type=submit], main button")
        expect(page.locator("main")).to_contain_text("C-")
    installation.mail("discount_code", "sam@example.com")


def answer(page: Page, installation: Installation) -> None:
    """Mia finds the case and writes to her."""
    page.goto(f"{installation.url}/admin/cases")
    page.locator("main .rows a").first.click()
    page.locator("details:has(textarea[name=text]) summary").click()  # first comes the new parcel she owes
    page.fill("textarea[name=text]", "Mañana sale otra caja, mejor cerrada.")
    page.click("text=Enviar respuesta")
    expect(page.locator("[role=status]")).to_be_visible()
    assert "mejor cerrada" in installation.mail("answer", "sam@example.com").text
