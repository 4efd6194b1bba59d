"""The demo in Chromium: an order delivered by the button, its life as it goes on, its mails as they look."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from integration.demo.world import World

pytestmark = pytest.mark.browser

PATIENCE = 60_000  # milliseconds of a busy machine


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("demo"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(params=[390, 1280])
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A tab that forgives no broken policy, no missing file, and nothing that reaches beyond its edge."""
    with browser.new_context(viewport={"width": request.param, "height": 844}, locale="es-ES") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        errors: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                errors.append(message.text)

        context.on("console", heard)
        yield page
        assert page.evaluate("document.documentElement.scrollWidth") <= request.param
        assert errors == []


def test_the_button_plays_the_line_and_the_mailbox_shows_what_left(visitor: Page, world: World) -> None:
    visitor.goto(f"{world.url}/demo/?lang=es")
    button = visitor.get_by_role("button", name="Entregar un pedido ahora").first
    box = button.bounding_box()
    assert box
    assert box["height"] >= 48  # the page's own style reached it
    button.click()
    expect(visitor).to_have_url(re.compile(r"/demo/order/0/\d+\?lang=es$"), timeout=PATIENCE)
    expect(visitor.get_by_text("Paquete entregado")).to_be_visible(timeout=PATIENCE)
    expect(visitor.get_by_role("status")).to_contain_text("Al día", timeout=PATIENCE)
    visitor.get_by_role("link", name="Encuesta", exact=True).click()
    letter = visitor.frame_locator("iframe")
    expect(letter.get_by_role("heading", level=1)).to_have_text("¿Cómo fue tu experiencia con este pedido?")
    with visitor.expect_popup() as opened:
        letter.get_by_role("link", name="2 Mala").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Hola, Sam")
    opened.value.close()


def test_the_label_can_be_taken_out_of_the_mailbox(visitor: Page, world: World) -> None:
    visitor.goto(f"{world.url}/demo/?lang=es")
    visitor.get_by_role("button", name="Entregar un pedido ahora").last.click()
    expect(visitor.get_by_role("status")).to_contain_text("Al día", timeout=PATIENCE)
    visitor.get_by_role("link", name="Buzón", exact=True).click()
    visitor.get_by_role("link", name="aquí tienes tu hoja de devolución").first.click()
    file = visitor.get_by_role("link", name="Adjunto:")
    answer = visitor.request.get(f"{world.url}{file.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF")


@pytest.mark.parametrize("language", ["es", "en", "pt_BR"])
def test_every_page_of_the_demo_speaks_the_chosen_language(visitor: Page, world: World, language: str) -> None:
    for place in ("", "mails/"):
        visitor.goto(f"{world.url}/demo/{place}?lang={language}")
        assert visitor.get_attribute("html", "lang") == language.replace("_", "-")
