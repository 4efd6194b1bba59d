"""Who is looking at a page: the services of this app, and the words in the reader's language."""

from __future__ import annotations

from flask import current_app, request

from integration.flows.services import Services
from integration.flows.visits import Visit
from integration.i18n import LANGUAGES, Words, closest_language


def services() -> Services:
    """The parts that `integration.app` put together."""
    found: Services = current_app.extensions["postventa"]
    return found


def chosen_language() -> str:
    """The language picked on the page, or empty."""
    choice = request.args.get("lang", "")
    return choice if choice in LANGUAGES else ""


def words_for(visit: Visit | None) -> Words:
    """In the language picked on the page, else the order's, else the browser's, else the shop's (B11)."""
    browser, shop = request.accept_languages.values(), services().settings.shop.locale
    if visit is None:
        return Words(closest_language(chosen_language(), *browser, default=shop))
    language = closest_language(chosen_language(), visit.order_language, *browser, visit.language, default=shop)
    return Words(language, visit.country, visit.zone)
