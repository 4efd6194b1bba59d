"""axe finds nothing on any page, in any state, language and width, light or dark (B10, F10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from integration.domain.errors import BadForm, Conflict
from integration.flows.returns import AnnouncedView
from integration.flows.surveys import Answered
from tests.web.conftest import EXPIRED, TOKEN, Flows, case, complaint

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = ("es", "en", "pt_BR")
WIDTHS = (390, 1280)
AXE = Axe().axe_script
RUN = """options => axe.run(options).then(found => found.violations.flatMap(
  rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`)))"""
LONG = "Una caja con un nombre larguísimo que nadie esperaba en una sola línea de un teléfono " * 3


@dataclass(frozen=True)
class State:
    """A page as somebody meets it: its path, what the flows show, and what is done on it."""

    path: str
    shown: dict[str, Any] = field(default_factory=dict)
    done: Callable[[Page], None] = lambda page: None


def send_survey(page: Page) -> None:
    page.check("[name=score][value='2']")
    page.click(".send button")


def send_complaint(page: Page) -> None:
    page.check("[name=cause][value=danger]")
    page.click(".send button")


def send_return(page: Page) -> None:
    page.fill("[name=item-12]", "1")
    page.check("[value=other]")
    page.check("[value=refund]")
    page.click(".send button")


def unfold(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


def press(page: Page) -> None:
    page.click("main form button")


SURVEY, COMPLAINT, RETURN, PREFERENCES, CASE = (
    f"{door}{TOKEN}" for door in ("/s/", "/c/", "/r/", "/u/", "/admin/case/")
)
DECIDED = case(
    state="decided", fix="resend", extra="percent", code_state="mailed", open_actions=("answer", "fixed", "close")
)
STATES = {
    "survey fresh": State(SURVEY),
    "survey picked low": State(f"{SURVEY}?r=1"),
    "survey picked high": State(f"{SURVEY}?r=5"),
    "survey wrong": State(SURVEY, {"failing": BadForm("bad_answer", field="score")}, send_survey),
    "survey done": State(SURVEY, {"complaint": complaint()}, send_survey),
    "survey to change": State(SURVEY, {"answered": Answered(4, "late", LONG)}, unfold),
    "survey settled": State(SURVEY, {"answered": Answered(4, "", ""), "editable": False}),
    "complaint form": State(COMPLAINT),
    "complaint wrong": State(COMPLAINT, {"failing": BadForm("text_too_long", field="text", most=4000)}, send_complaint),
    "complaint sent": State(COMPLAINT, {}, send_complaint),
    "complaint open": State(COMPLAINT, {"complaints": (complaint(), complaint(number="C-2", state="closed"))}, unfold),
    "return form": State(RETURN),
    "return wrong": State(RETURN, {"failing": BadForm("bad_quantity", field="item-12", most=3)}, send_return),
    "return on request": State(RETURN, {"label": None}),
    "return announced": State(RETURN, {"announced": AnnouncedView("D-1", {"11": 1}, "other", "refund")}, unfold),
    "surveys on": State(PREFERENCES),
    "surveys stopped": State(PREFERENCES, {}, press),
    "case to decide": State(CASE, {"case": case(text=LONG, severity="urgent")}, unfold),
    "case decided": State(CASE, {"case": DECIDED}, unfold),
    "case moved": State(CASE, {"failing": Conflict("case_moved")}, press),
    "case wrong": State(CASE, {"failing": BadForm("fix_missing", field="fix")}, press),
    "expired": State(f"/s/{EXPIRED}"),
    "unknown": State("/c/nobody"),
}


def found_by_axe(page: Page, rules: list[str]) -> list[str]:
    """One line per finding; axe itself is put into the page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return list(page.evaluate(RUN, {"runOnly": rules, "resultTypes": ["violations"]}))


def meet(page: Page, site: str, flows: Flows, state: State, language: str) -> None:
    """Open the page and bring it into its state."""
    for attribute, value in state.shown.items():
        setattr(flows, attribute, value)
    page.goto(f"{site}{state.path}{'&' if '?' in state.path else '?'}lang={language}")
    state.done(page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STATES)
def test_axe_finds_nothing(page: Page, site: str, flows: Flows, name: str, language: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    meet(page, site, flows, STATES[name], language)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert found_by_axe(page, RULES) == [], f"{name} in {language} at {width} px"
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"{name} in {language} reflows"


@pytest.mark.parametrize("name", STATES)
def test_in_the_dark_everything_can_be_read(page: Page, site: str, flows: Flows, name: str) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    meet(page, site, flows, STATES[name], "es")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(25, 22, 19)"
    assert found_by_axe(page, ["color-contrast"]) == []


def test_axe_would_find_a_picture_without_words(page: Page, site: str, flows: Flows) -> None:
    page.goto(f"{site}{SURVEY}")
    page.evaluate("document.querySelector('main').append(new Image())")
    assert [line for line in found_by_axe(page, RULES) if line.startswith("image-alt")]
