"""The desk in Chromium: axe, by keyboard, without scripts, and no stored text that becomes code (D3, F8, F10)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from connectors.base import Check
from integration.db.queries import orders
from integration.db.tables import Account, MailRow, Pause, Receipt, Task
from integration.domain.events import OrderChanged
from integration.domain.facts import Address, Item, Shipment
from integration.domain.money import Money
from integration.flows import accounts, casework, complaints, connecting, intake
from integration.flows.shops import NewShop
from integration.settings import Server
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.web.desk.conftest import MIA, complained, order_of, sold_elsewhere
from tests.web.payloads import PAYLOADS
from tests.web.test_accessibility import RULES, found_by_axe

pytestmark = pytest.mark.browser

LANGUAGES = ("es", "en", "pt_BR")
LONG = "Una caja con un nombre larguísimo que nadie esperaba en una sola línea de un teléfono " * 3


@dataclass
class World:
    """A house with one of everything, over real HTTP on loopback, and the paths of its rooms."""

    house: House
    url: str
    paths: dict[str, str] = field(default_factory=dict)

    def link(self) -> str:
        """A fresh invitation."""
        with self.house.services.db.writing() as session:
            return accounts.invite(session, self.house.services, "owner")

    def session(self, context: BrowserContext) -> None:
        """Mia is logged in in this browser."""
        made = accounts.log_in(self.house.services, MIA, "test")
        context.add_cookies([{"name": "postventa", "value": made, "url": self.url}])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    house = House(tmp_path_factory.mktemp("house"), StandingClock(datetime(2026, 11, 21, 12, tzinfo=UTC)))
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made = World(house, f"http://127.0.0.1:{server.server_port}")
    fill(made)
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    house.close()


def fill(world: World) -> None:
    """One of everything: a case with notes, stopped work, a second shop in preview, an empty room or two."""
    house = world.house
    ref = complained(house, "danger", LONG)
    sold_elsewhere(house, order_of(house, ref))
    object.__setattr__(house.services.settings, "server", Server(public_url=world.url))
    accounts.welcome(house.services, world.link().rpartition("/")[2], MIA, "es")
    with house.services.db.writing() as session:
        task = session.merge(house.rows(Task)[-1])
        task.state, task.reason, task.done_at = "dead", "mail_interrupted", house.clock.now
        receipt = session.merge(house.rows(Receipt)[0])
        receipt.state, receipt.reason = "unreadable", "bad_payload"
    with house.services.db.reading() as session:
        row = orders.by_ref(session, house.shop_id, ref)
        assert row
        case = complaints.rows.of_order(session, house.shop_id, row.id)[0].id
    person = accounts.person(house.services, accounts.log_in(house.services, MIA, "test"))
    assert person
    casework.act(house.services, person, case, {"action": "note", "note": LONG})
    house.clock.advance(seconds=1)  # notes of one millisecond have no order
    mail = next(one.id for one in house.rows(MailRow) if one.kind == "label" and one.shop_id == house.shop_id)
    shop = f"/admin/shops/{house.shop_id}"
    world.paths = {
        "home": "/admin/", "cases": "/admin/cases", "no cases": "/admin/cases?which=closed",
        "case": f"/admin/cases/{case}", "orders": "/admin/orders", "no orders": "/admin/orders?q=nothing",
        "order": f"/admin/orders/{row.id}", "mails": "/admin/mails", "mail": f"/admin/mails/{mail}",
        "shops": "/admin/shops", "shop": shop, "live": f"{shop}/live", "try": f"{shop}/try",
        "stopped": "/admin/stopped", "health": "/admin/health", "people": "/admin/people", "account": "/admin/account",
        "connect Shopify": "/admin/connect/shopify", "lost links": f"/find/{house.shop_id}",
        "nothing": "/admin/nothing",
    }  # fmt: skip


@pytest.fixture
def mia(browser: Browser, world: World) -> Iterator[Page]:
    """Mia's tab: logged in, 390 x 844 pixels."""
    with browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce") as context:
        world.session(context)
        yield context.new_page()


def unfold(page: Page) -> None:
    for summary in page.locator("main summary").all():
        summary.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_room(mia: Page, world: World, language: str) -> None:
    for name, path in world.paths.items():
        mia.set_viewport_size({"width": 390, "height": 844})
        mia.goto(f"{world.url}{path}{'&' if '?' in path else '?'}lang={language}")
        unfold(mia)
        for width in (390, 1280):
            mia.set_viewport_size({"width": width, "height": 844})
            assert found_by_axe(mia, RULES) == [], f"{name} in {language} at {width} px"
        mia.set_viewport_size({"width": 320, "height": 568})
        assert mia.evaluate("document.documentElement.scrollWidth") <= 320, f"{name} in {language} reflows"


def test_in_the_dark_everything_can_be_read(mia: Page, world: World) -> None:
    mia.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for name, path in world.paths.items():
        mia.goto(world.url + path)
        unfold(mia)
        assert found_by_axe(mia, ["color-contrast"]) == [], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_at_the_entrance(page: Page, world: World, language: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    for path in (f"{world.url}/admin/login", world.link()):
        page.goto(f"{path}?lang={language}")
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert found_by_axe(page, RULES) == [], path
        page.eval_on_selector("form", "form => form.noValidate = true")
        page.fill("[name=email]", "mia@mia.example")
        page.fill("[name=password]", "short")
        page.click("main button")
        page.wait_for_selector(".error")
        assert found_by_axe(page, RULES) == [], f"{path} wrong"
        assert page.evaluate("document.activeElement.name") in ("name", "password")


def test_without_scripts_she_comes_in_and_works(browser: Browser, world: World) -> None:
    with browser.new_context(java_script_enabled=False, locale="es", viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(world.link())
        page.fill("[name=name]", "Leo")
        page.fill("[name=email]", "leo@mia.example")
        page.fill("[name=password]", "a few words in a row")
        page.click("main button")
        page.wait_for_url("**/admin/")
        assert page.locator("h1").inner_text() == "Hola, Leo"
        page.click("text=Puede hacer daño a alguien")
        page.fill("#note", "La llamo mañana")
        page.click("text=Guardar nota")
        assert page.locator(".remark").last.inner_text().startswith("La llamo mañana")
        page.click("text=Salir")
        page.wait_for_url("**/admin/login")
        page.goto(f"{world.url}/admin/")
        assert urlsplit(page.url).path == "/admin/login"


def test_a_keyboard_alone_finds_and_answers_a_case(mia: Page, world: World) -> None:
    mia.goto(f"{world.url}/admin/")
    mia.keyboard.press("Tab")
    assert mia.evaluate("document.activeElement.className") == "skip"
    mia.keyboard.press("Enter")
    mia.keyboard.press("Tab")
    for _ in range(12):
        if "Puede hacer daño" in str(mia.evaluate("document.activeElement.innerText")):
            break
        mia.keyboard.press("Tab")
    with mia.expect_navigation():
        mia.keyboard.press("Enter")
    assert mia.locator("h1").inner_text() == "Puede hacer daño a alguien"
    seen = []
    for _ in range(30):
        mia.keyboard.press("Tab")
        seen.append(mia.evaluate(STOP))
        if seen[-1]["name"] == "text":
            break
    assert [stop for stop in seen if not stop["seen"] or stop["outline"] < 2] == []
    mia.keyboard.type("Deja de usarlo, por favor.")
    mia.keyboard.press("Tab")
    with mia.expect_navigation():
        mia.keyboard.press("Enter")
    assert mia.locator("[role=status]").inner_text() == "Tu respuesta sale ahora por correo."


STOP = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect()
  const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
  return {
    name: here.name || here.innerText.trim(),
    seen: !!above && (here.contains(above) || above.contains(here)) && box.height > 0,
    outline: parseFloat(getComputedStyle(here).outlineWidth),
  }
}"""


def test_targets_are_large_enough_for_a_thumb(mia: Page, world: World) -> None:
    for name in ("home", "cases", "orders", "stopped", "shop"):
        mia.goto(world.url + world.paths[name])
        for target in mia.locator("header a, header button, .rows li > a, .choice-row a, main button, .button").all():
            box = target.bounding_box()
            assert box, name
            assert box["height"] >= 32, f"{name}: {target.inner_text()}"


def test_no_room_asks_another_host_or_breaks_its_own_policy(mia: Page, world: World) -> None:
    hosts, errors = set(), []
    mia.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    mia.on("console", lambda message: errors.append(message.text))
    for path in world.paths.values():
        mia.goto(world.url + path, wait_until="networkidle")
    assert hosts == {urlsplit(world.url).netloc}
    assert [text for text in errors if "404" not in text] == []


def test_no_stored_text_becomes_code(mia: Page, world: World) -> None:
    mia.add_init_script("window.fired = 0; window.alert = window.confirm = () => { window.fired++ }")
    hosts, reports = set(), []
    mia.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    mia.on("console", lambda message: reports.append(message.text))
    rooms = [poison(world, number, payload) for number, payload in enumerate(PAYLOADS)]
    lists = [
        "/admin/",
        "/admin/cases",
        "/admin/orders",
        "/admin/mails",
        "/admin/people",
        "/admin/stopped",
        "/admin/health",
    ]
    for path in [*lists, *poisoned_shop(world), *(path for room in rooms for path in room)]:
        mia.goto(world.url + path)
        assert mia.evaluate("window.fired") == 0, path
        for frame in mia.frames[1:]:
            assert frame.evaluate("typeof window.fired === 'undefined' || window.fired === 0"), path
    for payload in PAYLOADS:
        typed = payload.replace("\u0000", "")
        mia.goto(f"{world.url}/admin/orders")
        mia.fill("[name=q]", typed)
        mia.click("main button")
        assert mia.evaluate("window.fired") == 0
    for typed in (payload for payload in PAYLOADS if payload[0] in "\"'"):  # these get out of an attribute
        mia.goto(world.url + world.paths["lost links"])
        mia.eval_on_selector("form", "form => form.noValidate = true")
        mia.fill("[name=number]", typed)
        mia.fill("[name=email]", f"{typed}@")
        mia.click("main button")
        mia.wait_for_selector(".error")
        assert mia.evaluate("window.fired") == 0
    assert hosts <= {urlsplit(world.url).netloc, ""}
    assert [text for text in reports if not re.search("sandbox|status of 40[04]", text.lower())] == []


def poisoned_shop(world: World) -> list[str]:
    """A shop whose name is every payload, and whose store told them when it was checked; the rooms that show them."""
    texts = [payload.replace("\u0000", "") for payload in PAYLOADS]
    new = NewShop(" ".join(texts), "demo", "demo", {})
    shop = connecting.add(world.house.services, new, check=False)[0]
    told = [Check(text, False, {}) for text in texts]
    told += [Check("shop_renamed", False, {"domain": text, "store": text}) for text in texts]
    connecting.remember(world.house.services, shop.id, told)
    with world.house.services.db.writing() as session:
        kept = session.merge(shop)
        kept.address = new.name
    own = [f"/admin/shops/{shop.id}{part}" for part in ("", "/live", "/try")]
    return [*own, f"/find/{shop.id}", *(f"/admin/{room}?shop={shop.id}" for room in ("", "shops", "health", "mails"))]


def poison(world: World, number: int, payload: str) -> list[str]:
    """An order, a complaint, a note and a colleague whose every text is the payload; the rooms that show them."""
    house, text = world.house, payload.replace("\u0000", "")
    item = Item("1", text, 1, Money.of("10", "EUR"), text)
    address = Address(name=text, company=text, street=text, city=text, postcode="1", country="ES")
    with house.services.db.writing() as session:
        shop, now = house.shop(session), house.clock.now
        like = orders.facts(orders.newest(session, shop.id, 500)[-1])
        order = replace(
            like, ref=f"x{number}", number=text[:60] or "x", first_name=text, email=f"x{number}@example.com",
            shipping=address, billing=address, items=(item,), phone=text, customer_ref=f"x{number}",
            shipments=(Shipment(f"x{number}", "delivered", "store", text, text, now, now),), updated_at=now,
        )  # fmt: skip
        intake.handle(session, house.services, shop, OrderChanged(order), now)
        row = orders.by_ref(session, shop.id, order.ref)
        assert row
        case = complaints.open_complaint(session, house.services, shop, row, "other", text, "", "form", now)
        row_id, case_id = row.id, case.id
        session.add(
            Receipt(
                id=f"receipt_{number}", connection_id=house.connection.id, shop_id=shop.id, delivery_key=f"x{number}",
                topic=text, body=text.encode(), state="failed", reason=text, received_at=now,
            )
        )  # fmt: skip
        session.add(
            Task(
                id=f"task_{number}", key=f"x{number}", shop_id=shop.id, kind=text, subject=row.id, state="dead",
                reason=text, due_at=now, created_at=now, done_at=now,
            )
        )  # fmt: skip
        session.add(Pause(id=f"pause_{number}", shop_id=shop.id, stream=text, reason=text, since=now, until=now))
        session.add(
            Account(
                id=f"account_{number}", email=f"{number}{text}"[:200], name=text[:80], password_hash="", role=text,
                created_at=now,
            )
        )  # fmt: skip
    person = accounts.person(house.services, accounts.log_in(house.services, MIA, "test"))
    assert person
    casework.act(house.services, person, case_id, {"action": "note", "note": text})
    house.run()
    mail = next((one.id for one in house.rows(MailRow) if one.complaint_id == case_id), "")
    return [f"/admin/orders/{row_id}", f"/admin/cases/{case_id}", f"/admin/mails/{mail}"]
