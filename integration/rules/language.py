"""In which language a shopper is written to (design decision 9)."""

from __future__ import annotations

from collections.abc import Sequence

from integration.domain.languages import PORTUGUESE_SPEAKING, SPANISH_SPEAKING, language_of


def language(order_locale: str, country: str, shop_locale: str, browser: Sequence[str] = ()) -> str:
    """`es`, `en` or `pt_BR`: the order's locale, the page's browser, the country of the parcel, the shop's locale.

    `browser` are the tags of `Accept-Language`, dearest first; mails have none. A language that we do not
    write is passed over, and with nothing left it is Spanish.
    """
    known = [found for tag in (order_locale, *browser) if (found := language_of(tag))]
    return next(iter(known), None) or _of_country(country.upper()) or language_of(shop_locale) or "es"


def _of_country(country: str) -> str | None:
    if country in SPANISH_SPEAKING:
        return "es"
    return "pt_BR" if country in PORTUGUESE_SPEAKING else None
