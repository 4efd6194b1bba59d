"""Sam is written to in her language as far as anyone knows it."""

import pytest

from integration.domain.languages import LANGUAGES, language_of
from integration.rules.language import language


@pytest.mark.parametrize(
    ("locale", "country", "shop", "browser", "expected"),
    [
        ("pt-BR", "ES", "es", (), "pt_BR"),
        ("en", "ES", "es", ("es",), "en"),
        ("", "ES", "es", ("en-GB", "es"), "en"),
        ("", "ES", "en", (), "es"),
        ("", "cl", "en", (), "es"),
        ("", "BR", "es", (), "pt_BR"),
        ("", "PT", "es", (), "pt_BR"),
        ("", "US", "en_US", (), "en"),
        ("", "", "pt_BR", (), "pt_BR"),
        ("fr", "MX", "en", (), "es"),
        ("fr", "FR", "en", ("de", "fr"), "en"),
        ("fr", "FR", "it", (), "es"),
        ("", "", "", (), "es"),
    ],
)
def test_the_order_then_the_browser_then_the_country_then_the_shop(locale, country, shop, browser, expected):
    assert language(locale, country, shop, browser) == expected
    assert expected in LANGUAGES


@pytest.mark.parametrize(
    ("tag", "ours"),
    [
        ("es_CL", "es"),
        ("ES", "es"),
        (" en-gb ", "en"),
        ("pt-PT", "pt_BR"),
        ("pt_br", "pt_BR"),
        ("fr", None),
        ("", None),
    ],
)
def test_a_language_is_known_in_any_spelling(tag, ours):
    assert language_of(tag) == ours
