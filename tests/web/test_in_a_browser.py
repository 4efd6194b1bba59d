"""The pages in Chromium: light, without scripts, by keyboard, on the smallest phone (B1, B2, B4, B10, D3)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page

from integration.flows.surveys import Answered
from tests.web.conftest import TOKEN, Flows, complaint
from tests.web.payloads import PAYLOADS, fill

pytestmark = pytest.mark.browser

LANGUAGES = ("es", "en", "pt_BR")
DOORS = ("/s/", "/c/", "/r/", "/u/", "/admin/case/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rating", ["", "&r=2", "&r=5"])
def test_the_send_button_is_in_sight_on_the_smallest_phone(
    page: Page, site: str, flows: Flows, language: str, rating: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(f"{site}/s/{TOKEN}?lang={language}{rating}")
    box = page.locator(".send button").bounding_box()
    assert box
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 568
    assert box["width"] >= 200
    assert page.evaluate("document.elementFromPoint(160, 540).closest('.send') !== null")


def test_a_scanner_that_opens_every_rating_with_scripts_on_answers_nothing(page: Page, site: str, flows: Flows) -> None:
    for score in range(1, 6):
        page.goto(f"{site}/s/{TOKEN}?r={score}", wait_until="networkidle")
    assert {call[0] for call in flows.calls} == {"intend"}


def test_everything_works_without_scripts(browser: Browser, site: str, flows: Flows) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{site}/s/{TOKEN}?r=2")
        page.check("[name=cause][value=damaged]")
        page.fill("textarea", "La suela llegó despegada")
        page.click(".send button")
        assert page.locator("[role=status] h1").inner_text() == "Gracias, Sam"
    assert flows.calls[-1] == (
        "answer", {"score": "2", "cause": "damaged", "text": "La suela llegó despegada"}, "es",
    )  # fmt: skip


def test_the_survey_is_light_and_asks_nobody_else(page: Page, site: str, flows: Flows) -> None:
    flows.complaint = complaint()
    sizes: dict[str, int] = {}
    page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    page.goto(f"{site}/s/{TOKEN}?r=2", wait_until="networkidle")
    icon = page.request.get(site + str(page.get_attribute("link[rel=icon]", "href")))
    assert {urlsplit(url).netloc for url in sizes} == {urlsplit(site).netloc}
    assert any("app.css" in url for url in sizes)
    assert sum(sizes.values()) + len(icon.body()) <= 30_000


@pytest.mark.parametrize("door", DOORS)
def test_no_page_asks_another_host_or_breaks_its_own_policy(page: Page, site: str, flows: Flows, door: str) -> None:
    hosts, errors = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(site + door + TOKEN, wait_until="networkidle")
    assert hosts == {urlsplit(site).netloc}
    assert errors == []


def test_the_question_follows_the_score(page: Page, site: str, flows: Flows) -> None:
    page.goto(f"{site}/s/{TOKEN}")
    assert not page.is_visible(".cause")
    page.check("[name=score][value='1']")
    assert page.is_visible("text=¿Qué fue lo que falló?")
    assert page.is_visible("text=Cuéntanos qué pasó")
    assert page.is_visible("[name=cause][value=late]")
    page.check("[name=score][value='5']")
    assert page.is_visible("text=¿Qué fue lo que más te gustó?")
    assert not page.is_visible("[name=cause][value=late]")
    page.check(".more input")
    page.check("[name=cause][value=danger]")
    assert page.is_visible(".note.danger")


def test_a_cause_that_will_be_sent_is_never_hidden(page: Page, site: str, flows: Flows) -> None:
    page.goto(f"{site}/s/{TOKEN}?r=1")
    page.check("[name=cause][value=late]")
    page.check("[name=score][value='5']")
    assert page.is_visible("[name=cause][value=late]")


@pytest.mark.parametrize("door", ["/s/", "/c/", "/r/", "/u/", "/admin/case/"])
def test_targets_are_large_enough_for_a_thumb(page: Page, site: str, flows: Flows, door: str) -> None:
    flows.complaints = (complaint(),)
    page.goto(f"{site}{door}{TOKEN}?r=2")
    for target in page.locator(TARGETS).all():
        assert height(target) >= 48


TARGETS = ".scale label, .choice:visible, button:visible, .button, summary, select, .contact li a, footer a"


def height(target: Locator) -> float:
    box = target.bounding_box()
    assert box, target
    return box["height"]


def test_a_keyboard_reaches_everything_in_order_and_sees_where_it_is(page: Page, site: str, flows: Flows) -> None:
    page.set_viewport_size({"width": 390, "height": 600})
    page.goto(f"{site}/s/{TOKEN}")
    stops = []
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.locator("[name=score]:checked").get_attribute("value") == "2"
    for _ in range(11):
        stops.append(page.evaluate(STOP))
        page.keyboard.press("Tab")
    names = [stop["name"] for stop in stops]
    assert names[:4] == ["score", "cause", "text", "Enviar respuesta"]
    assert names[-3:] == ["Español", "English", "Português"]
    assert [stop["name"] for stop in stops if not stop["seen"]] == []
    assert [stop["name"] for stop in stops if stop["outline"] < 2] == []
    page.focus("[name=score]:checked")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("[role=status]").inner_text().startswith("Gracias, Sam")


STOP = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect()
  const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
  return {
    name: here.name || here.innerText.trim(),
    seen: !!above && (here.contains(above) || above.contains(here)) && box.height > 0,
    outline: parseFloat(getComputedStyle(here).outlineWidth),
  }
}"""


def test_a_change_is_sent_from_the_unfolded_form(page: Page, site: str, flows: Flows) -> None:
    flows.answered = Answered(5, "", "Bien")
    page.goto(f"{site}/s/{TOKEN}")
    page.click("summary")
    page.check("[name=score][value='3']")
    with page.expect_navigation():
        page.click(".send button")
    assert flows.calls[-1][1]["score"] == "3"
    page.reload()
    assert page.locator("[role=status]").inner_text().startswith("Gracias, Sam")


def test_she_follows_her_complaint_and_tells_another(page: Page, site: str, flows: Flows) -> None:
    flows.complaints = (complaint(),)
    page.goto(f"{site}/c/{TOKEN}")
    page.click("text=Otra cosa salió mal")
    page.check("[name=cause][value=late]")
    page.check("[name=wish][value=answer]")
    page.click(".send button")
    assert flows.calls == [("complain", {"cause": "late", "text": "", "wish": "answer"}, "es")]


def test_she_sends_something_back_and_takes_the_label(page: Page, site: str, flows: Flows) -> None:
    page.goto(f"{site}/r/{TOKEN}")
    page.check("[name=item-11]")
    page.fill("[name=item-12]", "2")
    page.check("[value=too_small]")
    page.check("[value=exchange]")
    page.click(".send button")
    assert flows.calls[0][1]["item-12"] == "2"
    with page.expect_download() as taken:
        page.click("text=Descargar la hoja")
    assert taken.value.suggested_filename == "D-9Q2M.pdf"


def test_she_unsubscribes_with_one_button(page: Page, site: str, flows: Flows) -> None:
    page.goto(f"{site}/u/{TOKEN}")
    page.click("main button")
    assert flows.calls == [("unsubscribe", "page")]


def test_the_owner_decides_with_one_button(page: Page, site: str, flows: Flows) -> None:
    page.goto(f"{site}/admin/case/{TOKEN}")
    page.check("[name=extra]")
    page.click("text=Decidir y avisar")
    sent = {"action": "grant", "expected_state": "in_progress", "fix": "resend", "extra": "yes"}
    assert flows.calls == [("act", sent)]


@pytest.mark.parametrize("door", DOORS)
def test_no_stored_text_becomes_code(page: Page, site: str, flows: Flows, door: str) -> None:
    page.add_init_script("window.fired = 0; window.alert = window.confirm = () => { window.fired++ }")
    hosts, reports = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: reports.append(message.text))
    for payload in PAYLOADS:
        fill(flows, payload)
        page.goto(site + door + TOKEN)
        assert page.evaluate("window.fired") == 0
    assert hosts == {urlsplit(site).netloc}
    assert reports == []
