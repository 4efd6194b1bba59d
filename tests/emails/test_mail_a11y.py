"""Mails in a real browser: readable by everyone, on a phone and a desk, without pictures and without styles."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

from emails import contexts
from emails.compose import compose
from tests.emails.letters import EVERY, SETS, USUAL, words

pytestmark = pytest.mark.browser

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="56" height="56"><rect width="56" height="56"/></svg>'
# A mail is a letter, not a web page: it has no landmarks (A24, measured).
OPTIONS = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}
PHONE, DESK = 390, 1280


def show(
    page: Page, mail: contexts.MailContext, language: str = "es", *, pictures: bool = True, bare: bool = False
) -> None:
    """Open the mail; nothing but its photo is ever asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if pictures:
            route.fulfill(body=PICTURE, content_type="image/svg+xml")
        else:
            route.abort()

    page.unroute_all()
    page.route("**/*", answer)
    html = compose(mail, words(language)).html
    page.set_content(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL) if bare else html)
    assert len(asked) <= 1


@pytest.mark.parametrize(("language", "width"), [("es", PHONE), ("es", DESK), ("en", PHONE), ("pt_BR", PHONE)])
def test_axe_finds_nothing(page: Page, language: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for mail in USUAL:
        show(page, mail, language)
        found = Axe().run(page, options=OPTIONS).response["violations"]
        assert [(mail.kind, one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize(("width", "bare"), [(320, False), (320, True), (DESK, True)])
def test_nothing_is_wider_than_the_screen(page: Page, width: int, bare: bool) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for name, mail in EVERY:
        show(page, mail, bare=bare)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


# The words of which some letters stand on another line than the others.
_BROKEN = """() => [...document.querySelectorAll("td.fact")].flatMap((cell) => {
  const text = cell.firstChild, range = document.createRange();
  return [...text.data.matchAll(/\\S+/g)].filter((word) => {
    range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map((word) => word[0]);
})"""


@pytest.mark.parametrize("language", ["es", "en", "pt_BR"])
def test_no_word_before_a_fact_is_broken_on_a_phone(page: Page, language: str) -> None:
    page.set_viewport_size({"width": PHONE, "height": 844})
    for mail in USUAL:
        show(page, mail, language)
        assert page.evaluate(_BROKEN) == [], mail.kind


def test_buttons_and_ratings_are_large_enough_for_a_thumb(page: Page) -> None:
    for mail in USUAL:
        show(page, mail)
        for target in page.locator("a.button, td.score").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44, mail.kind


def test_a_letter_is_no_wider_than_six_hundred_pixels_at_a_desk(page: Page) -> None:
    page.set_viewport_size({"width": DESK, "height": 844})
    show(page, USUAL[0])
    box = page.locator("td.card").bounding_box()
    assert box is not None
    assert box["width"] <= 600
    assert abs(box["x"] * 2 + box["width"] - DESK) <= 2


@pytest.mark.parametrize("mail", SETS["usual"][:4], ids=lambda mail: mail.kind)
def test_without_pictures_it_says_the_same(page: Page, mail: contexts.MailContext) -> None:
    show(page, mail)
    whole = page.inner_text("body")
    show(page, mail, pictures=False)
    assert page.inner_text("body") == whole
