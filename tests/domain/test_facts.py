"""What an address shows of itself on an envelope, at home and abroad."""

from __future__ import annotations

import pytest

from integration.domain.facts import Address
from integration.i18n import Words


@pytest.mark.parametrize(
    ("country", "city", "region", "shown"),
    [
        ("ES", "Madrid", "M", ()),
        ("ES", "Madrid", "Madrid", ()),
        ("ES", "Alcalá de Henares", "Madrid", ("Madrid",)),
        ("CL", "Ñuñoa", "CL-RM", ()),
        ("CL", "Ñuñoa", "Región Metropolitana", ("Región Metropolitana",)),
        ("US", "Austin", "TX", ("TX",)),
        ("BR", "Campinas", "SP", ("SP",)),
        ("FR", "Lyon", "", ()),
    ],
)
def test_a_region_stands_on_an_envelope_by_name_or_where_its_code_is_used(
    country: str, city: str, region: str, shown: tuple[str, ...]
) -> None:
    address = Address("Sam", street="Calle 1", city=city, region=region, postcode="100", country=country)
    assert address.lines == ("Sam", "Calle 1", f"100 {city}", *shown)


@pytest.mark.parametrize(
    ("language", "home", "shown"),
    [
        ("es", "ES", ()),
        ("es", "", ("ESPAÑA",)),
        ("es", "CL", ("ESPAÑA",)),
        ("en", "GB", ("SPAIN",)),
        ("pt_BR", "BR", ("ESPANHA",)),
    ],
)
def test_the_country_is_written_in_words_and_only_for_somebody_abroad(
    language: str, home: str, shown: tuple[str, ...]
) -> None:
    address = Address("Mia", street="Gran Vía 1", city="Madrid", postcode="28013", country="ES")
    assert Words(language).envelope(address, home) == ("Mia", "Gran Vía 1", "28013 Madrid", *shown)


def test_a_country_that_nobody_knows_keeps_its_code_and_nothing_stays_nothing() -> None:
    assert Words("es").envelope(Address("Mia", country="QQ"), "ES") == ("Mia", "QQ")
    assert Words("es").envelope(Address(country="ES"), "CL") == ()
