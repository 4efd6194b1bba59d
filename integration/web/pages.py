"""What every page shares: rendering in the reader's language, and headers that keep its address to itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Response, request, url_for
from jinja2 import Environment, PackageLoader, StrictUndefined

from integration.domain.errors import BadForm, PostventaError
from integration.flows.visits import Visit
from integration.i18n import Words
from integration.web import assets, contact
from integration.web.visitor import chosen_language, services, words_for

LANGUAGE_NAMES = {"es": "Español", "en": "English", "pt_BR": "Português"}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LIQUID = "application/liquid"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a sent form: the field it is about (empty: the whole) and the sentence beside it."""

    field: str
    text: str


class Texts:
    """The words of an area as templates call them: `t("survey.title")`, `t.named("causes", "late")`."""

    def __init__(self, words: Words, area: str) -> None:
        self.words, self.area = words, area

    def __call__(self, key: str, /, **values: object) -> str:
        """The text `<area>.<key>`."""
        return self.words(f"{self.area}.{key}", **values)

    def named(self, group: str, code: str) -> str:
        """The name of a code; one that has no words yet reads as the group's `other`."""
        key = f"{self.area}.{group}.{code}"
        return self.words(key if code and self.words.has(key) else f"{self.area}.{group}.other")


def said(words: Words, error: PostventaError) -> str:
    """The sentence for an error: of its code and field, of its code, or that something is wrong."""
    for key in (f"errors.{error.code}_{error.params.get('field', '')}", f"errors.{error.code}"):
        with suppress(KeyError):  # no such words, or a value they name was not given
            return words(key, **error.params)
    return words("errors.bad_form" if isinstance(error, BadForm) else "errors.unexpected")


def render(template: str, visit: Visit | None, status: int = 200, **values: Any) -> Response:
    """A shopper's page from `templates/`; `wrong` in the values is the `BadForm` that its form shows."""
    words = words_for(visit)
    shop_name = visit.shop_name if visit else services().settings.shop.legal_name
    card = contact.card(words, visit)
    return filled(
        template, words, status, layout="base.html", csrf="", visit=visit, shop_name=shop_name, card=card, **values
    )


def filled(template: str, words: Words, status: int, **values: Any) -> Response:
    """A template with its values and with what every page has: words, languages, addresses, what is wrong."""
    error = values.pop("wrong", None)
    shared: dict[str, Any] = {
        "t": Texts(words, "pages"),
        "words": words,
        "languages": _languages(),
        "here": f"?lang={chosen_language()}" if chosen_language() else "?",
        "linked": linked,
        "asset": assets.address,
        "url_for": url_for,
        "wrong": Wrong(str(error.params.get("field", "")), said(words, error)) if error else None,
    }
    html = templates().get_template(template).render(**(shared | values))
    return Response(html, status, content_type="text/html; charset=utf-8", headers={"Content-Language": words.tag})


def linked(address: str) -> str:
    """The address of another of our pages, in the language picked on this one."""
    return f"{address}?lang={chosen_language()}" if chosen_language() else address


def kept_private(response: Response) -> Response:
    """Headers of all pages behind a token (B4, D13): not kept, not indexed, not framed, no address passed on."""
    if response.mimetype != LIQUID:  # a theme is put around that, and our policy is none for its scripts
        response.headers.update(HEADERS)
    return response


def _languages() -> list[tuple[str, str, str]]:
    """Code, own name, and this page in that language; a picked rating is kept."""
    rating = f"&r={request.args['r']}" if request.args.get("r", "") in set("12345") else ""
    return [(code, name, f"?lang={code}{rating}") for code, name in LANGUAGE_NAMES.items()]


@cache
def templates() -> Environment:
    """The templates of all pages; every value is escaped."""
    return Environment(
        loader=PackageLoader("integration.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
