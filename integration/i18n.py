"""Words, dates and money in the reader's manner: catalogues in `locale/<language>/<area>.toml`.

A key is `area.section.name` (`mail.label.subject`). A text holds `{name}` placeholders; a table with `one`
and `other` is a plural over `n`. `es` is the source; `es_CL.toml` overlays single keys for a country.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

from integration.domain import languages
from integration.domain.facts import Address
from integration.domain.languages import SPANISH_SPEAKING, language_of
from integration.domain.money import Money, digits

LANGUAGES = languages.LANGUAGES

PLURAL_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})  # CLDR's names

Catalogue = Mapping[str, Any]

# `: {reply}` and `({why})`: what the other side said
_SAID = re.compile(r":\s*\{\w+\}(?=\.)|\s*\([^()]*\{\w+\}[^()]*\)")


def closest_language(*wishes: str, default: str = "es") -> str:
    """The first of our languages among the wishes (`pt-PT` gives `pt_BR`), else `default`."""
    for wish in wishes:
        if found := language_of(wish):
            return found
    return default if default in LANGUAGES else "es"


@cache
def catalogue(language: str) -> dict[str, Any]:
    """All keys of a language, flat; values are texts or plural tables."""
    texts: dict[str, Any] = {}
    for file in sorted(files("integration").joinpath("locale", language).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            _flatten(tomllib.loads(file.read_text("utf-8")), file.name.removesuffix(".toml"), texts)
    return texts


@cache
def overlay(name: str) -> dict[str, Any]:
    """The few keys that a country says otherwise, such as `es_CL`; empty where there is no such file."""
    file = files("integration").joinpath("locale", f"{name}.toml")
    texts: dict[str, Any] = {}
    if file.is_file():
        for area, tables in tomllib.loads(file.read_text("utf-8")).items():
            _flatten(tables, area, texts)
    return texts


def _flatten(table: Mapping[str, Any], prefix: str, into: dict[str, Any]) -> None:
    for name, value in table.items():
        if isinstance(value, dict) and not _is_plural(value):
            _flatten(value, f"{prefix}.{name}", into)
        else:
            into[f"{prefix}.{name}"] = value


def _is_plural(table: Mapping[str, Any]) -> bool:
    """A group of names may hold an `other` too; a plural holds nothing but its forms."""
    return {"one", "other"} <= set(table) <= PLURAL_FORMS


def placeholders(text: str) -> set[str]:
    """Names of the `{placeholders}` of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class Words:
    """The catalogue of one reader: a language, her country's word list, and a time zone for dates."""

    def __init__(self, language: str, country: str = "", zone: tzinfo | None = None) -> None:
        self.language = language if language in LANGUAGES else "es"
        self.country = country
        self.zone = zone
        self._locale = Locale.parse(_babel_name(self.language, country))

    @property
    def tag(self) -> str:
        """BCP 47 tag for `lang` attributes and `Content-Language`."""
        return self.language.replace("_", "-")

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in catalogue(self.language)

    def __call__(self, key: str, /, **values: object) -> str:
        """The text with its values put in; `n` chooses the plural form. KeyError for an unknown key."""
        text = overlay(f"{self.language}_{self.country}").get(key)
        if text is None:
            text = catalogue(self.language)[key]
        if isinstance(text, dict):
            number = values["n"]
            form = self._locale.plural_form(number if isinstance(number, int) else 0)
            text = text.get(form, text["other"])
        return str(text).format(**values) if values else str(text)

    def money(self, money: Money) -> str:
        """`1.234,50 €`, `$12.990`: in the reader's manner with the currency's own digits."""
        if digits(money.currency) == 0:
            return format_currency(money.amount, money.currency, locale=self._locale, currency_digits=True)
        return format_currency(money.amount, money.currency, locale=self._locale)

    def number(self, value: float | int) -> str:
        """A plain number."""
        return format_decimal(value, locale=self._locale)

    def day(self, moment: datetime | date) -> str:
        """`3 de diciembre de 2026`, in the shop's zone."""
        return format_date(self._local(moment), format="long", locale=self._locale)

    def envelope(self, address: Address, home: str) -> tuple[str, ...]:
        """The lines of an envelope posted in `home`: the country by its name, and only where it is another one."""
        lines = address.lines
        if not lines or address.country in ("", home):
            return lines
        return (*lines, self.country_name(address.country).upper())

    def country_name(self, code: str) -> str:
        """The country of an ISO 3166 code; a code that is none stays."""
        return str(self._locale.territories.get(code.upper(), code))

    def weekday(self, moment: datetime | date) -> str:
        """`jueves, 3 de diciembre`, without the year."""
        pattern = {"es": "EEEE, d 'de' MMMM", "pt_BR": "EEEE, d 'de' MMMM", "en": "EEEE, MMMM d"}[self.language]
        return format_date(self._local(moment), format=pattern, locale=self._locale)

    def time(self, moment: datetime) -> str:
        """`18:05` or `6:05 PM`."""
        local = moment.astimezone(self.zone) if self.zone else moment
        return format_time(local, format="short", locale=self._locale)

    def hours(self, span: str) -> str:
        """`09:00-18:00` as `de 9 a 18 h`; anything else is the owner's own phrase and stays."""
        clock = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s*[-\u2013]\s*(\d{1,2})(?::(\d\d))?", span.strip())
        if not clock:
            return span.strip()
        start, end = (self._hour(int(clock[at]), int(clock[at + 1] or 0)) for at in (1, 3))
        return {"es": f"de {start} a {end} h", "pt_BR": f"das {start} às {end} h", "en": f"from {start} to {end}"}[
            self.language
        ]

    def _hour(self, hour: int, minute: int) -> str:
        shown = hour if self.language != "en" else (hour + 11) % 12 + 1
        half = "" if self.language != "en" else (" am" if hour % 24 < 12 else " pm")
        return f"{shown}:{minute:02}{half}" if minute else f"{shown}{half}"

    def _local(self, moment: datetime | date) -> date:
        if isinstance(moment, datetime):
            return (moment.astimezone(self.zone) if self.zone else moment).date()
        return moment


def check_words(words: Words, code: str, *, ok: bool, params: Mapping[str, object]) -> str:
    """What was looked at between us and a store, in words; where it failed, what is the matter and what helps.

    A `problem` among the values has words of its own for this check, else those of its error follow; the code itself
    stands where nobody has put it into words.
    """
    problem = params.get("problem", "")
    for kind in ("ok",) if ok else (problem, "bad"):
        if said := _filled(words, f"checks.{code}.{kind}", params):
            return f"{said} {_why(words, problem, params)}".rstrip() if kind == "bad" else said
    return _filled(words, f"errors.{code}", params) or code


def finding_words(words: Words, check: str, *, ok: bool, params: Mapping[str, object]) -> tuple[str, str]:
    """What `doctor` found, and what to do, empty where nothing is wrong; reasons and times in the reader's manner."""
    told = {name: _spoken(words, name, value) for name, value in params.items()}
    said = words(f"doctor.{check}.{'ok' if ok else 'bad'}", **told)
    return said, "" if ok else words(f"doctor.{check}.remedy", **told)


def _spoken(words: Words, name: str, value: object) -> object:
    if name == "why":
        return " ".join(_reason(words, code) for code in str(value).split(", "))
    if isinstance(value, datetime):
        return f"{words.day(value)}, {words.time(value)}{'' if words.zone else ' UTC'}"
    return value


def _reason(words: Words, code: str) -> str:
    for key in (f"checks.{code}.bad", f"errors.{code}"):
        if words.has(key) and not placeholders(words(key)):
            return words(key)
    return reason_words(words, code) or code


def reason_words(words: Words, code: str) -> str:
    """Why something stopped, in the words of its error without the values, which are not kept; empty without words."""
    text = words(f"errors.{code}") if words.has(f"errors.{code}") else ""
    return re.sub(r"\{\w+\}", "…", _SAID.sub("", text))


def _why(words: Words, problem: object, params: Mapping[str, object]) -> str:
    kind = "bad"
    return _filled(words, f"errors.{problem}", params) or _filled(words, f"doctor.{problem}.{kind}", params)


def _filled(words: Words, key: str, params: Mapping[str, object]) -> str:
    """The text with its values; empty when there is none, or a value is missing."""
    try:
        text = words(key, **params)
    except KeyError:
        return ""
    return "" if not params and placeholders(text) else text


def _babel_name(language: str, country: str) -> str:
    if language == "es" and country in SPANISH_SPEAKING - {"GQ"}:
        return f"es_{country}"
    if language == "en":
        return f"en_{country}" if country in {"GB", "IE", "AU", "NZ", "CA", "IN"} else "en_US"
    return language
