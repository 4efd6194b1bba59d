"""Another domain or another currency is another store, until a person says otherwise."""

from __future__ import annotations

import pytest

from integration.rules.identity import change


@pytest.mark.parametrize(
    ("told_address", "told_currency", "code"),
    [
        ("mia.myshopify.com", "EUR", ""),
        ("MIA.myshopify.com", "EUR", ""),
        ("", "", ""),
        ("mia-2.myshopify.com", "EUR", "shop_renamed"),
        ("mia.myshopify.com", "CLP", "currency_changed"),
        ("mia-2.myshopify.com", "CLP", "shop_renamed"),
    ],
)
def test_what_changed_is_named(told_address: str, told_currency: str, code: str) -> None:
    assert change("mia.myshopify.com", told_address, "EUR", told_currency) == code


def test_what_was_not_known_cannot_have_changed() -> None:
    assert change("", "mia.myshopify.com", "", "EUR") == ""
