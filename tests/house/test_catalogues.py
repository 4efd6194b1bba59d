"""Every sentence exists in every language, with the same values, and is said somewhere."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from integration.domain import errors
from integration.i18n import LANGUAGES, PLURAL_FORMS, catalogue, overlay, placeholders
from tests.house.conftest import ROOT
from tests.house.spoken import (
    ANYTHING,
    Asked,
    asked_in_code,
    asked_in_templates,
    codes_raised,
    put_together,
    texts_in_code,
)

LOCALE = ROOT / "integration" / "locale"
BY_CODE = """
    mail.cause.* mail.wish.* mail.reason.* mail.fix_task.* mail.fix.*.title mail.fix.*.text mail.why.* mail.daily.*
    pages.causes.* pages.wishes.* pages.fixes.* pages.extra_kinds.* pages.return_reasons.* pages.methods.*
    pages.states.* pages.case_states.* pages.code_states.* pages.steps.* pages.case_steps.* pages.sources.*
    pages.did.* pages.order_notes.*
    desk.streams.* desk.order_states.* desk.parcel_states.* desk.confidences.* desk.kinds.* desk.tasks.* desk.life.*
    desk.platforms.* desk.mail_states.* desk.skipped.* desk.came_back.* desk.roles.* desk.shop_states.* desk.did.*
    desk.try_steps.*
    desk.problem.*.title desk.problem.*.text
    pages.problem.*.title pages.problem.*.text
    connect.statuses.*
"""
DYNAMIC = {
    **dict.fromkeys(BY_CODE.split(), "the name of a code of the domain or the rules"),
    "label.slip.*": "the slip's words, by the names in integration/labels/words.py",
    "mail.*.lead": "one template for the survey and its reminder",
    "mail.survey.scale_*": "by score",
    "mail.way_back.*": "by the way of sending back",
    "mail.way_back.*_by": "by the way of sending back, with the carrier's name",
    "mail.why_you.*": "why this mail came, by its group",
    "pages.case.*": "by what the owner can do",
    "pages.case.*_text": "by what the owner can do",
    "pages.case.*_hint": "by what the owner can do",
    "pages.case.*_send": "by what the owner can do",
    "pages.preferences.is_*": "on or off",
    "pages.preferences.now_*": "on or off",
    "pages.preferences.lead_*": "on or off",
    "pages.scores.*": "by score",
    "desk.nav.*": "by room",
    "desk.figures.*": "the five numbers",
    "desk.health.areas.*": "by the part of the page that a check stands in",
    "checks.*.bad": "by what was looked at when a shop was connected",
    "desk.lines.*": "every line of the numbers",
    "desk.formulas.*": "the five numbers",
    "desk.home.resting_*": "by the shop's state",
    "desk.shops.means_*": "by the shop's state",
    "desk.live.lead_*": "by the shop's state",
    "desk.past.is_*": "by how far the past is read",
    "desk.cases.*": "by which cases are listed",
    "desk.cases.none_*": "by which cases are listed",
    "desk.mails.*": "by which mails are listed",
    "desk.mails.none_*": "by which mails are listed",
    "checks.*.*": "by what is looked at when a shop is connected, ok or bad",
    "cli.usage.*": "click's headings",
    "live.*": "by what is looked at in a live store",
    "shopify.scopes.*": "by what the app may do",
    "shopify.webhooks_*": "by who makes them",
    "demo.life.*.*": "by what changed in an order's life, and to what",
    "demo.mails.*": "by kind of mail",
    "demo.reasons.*": "by the reason of a change",
    "demo.steps.*": "the steps of the demo's check",
    "doctor.*.*": "by check, ok or bad",
    "doctor.*.remedy": "by check",
    "mailcheck.*.*": "by what is looked at, and what is the matter with it",
}
"""Keys that are put together at run time, and what they are put together from."""
PASSED_ON = {
    "*": "the key comes from whoever calls",
    "*_remedy": "the same, and what to do about it",
    "cli.*": "say(...), whose keys are read where it is called",
    "cli.help.*": "helped(...), the same",
    "mail.*.*": "a mail's facts, which name their table",
    "pages.*.*": "a group of codes that a template names",
    "*.*": "the templates' own t(...) and desk(...), whose keys are read from the templates",
    "*.*.*": "a group of codes that a template names",
    "*.*.other": "a code without words of its own",
    "desk.*": "the address of a room",
    "errors.*": "by the code of the error; see the tests of errors below",
    "errors.*_*": "by the code of the error and the field it is about",
}
"""Places that hand on a key and tell nothing of which are used."""
ERROR_CLASSES = {
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
}


@cache
def asked() -> list[Asked]:
    return [*asked_in_code(), *put_together(), *asked_in_templates()]


def forms(text: Any) -> dict[str, str]:
    """A text by plural form; one without forms is `other` alone."""
    return text if isinstance(text, dict) else {"other": text}


def values_of(text: Any) -> set[str]:
    return set().union(*(placeholders(form) for form in forms(text).values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    assert set(catalogue(language)) ^ set(catalogue("es")) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_names_the_same_values(language: str) -> None:
    source = catalogue("es")
    other = {key: values_of(text) for key, text in catalogue(language).items() if key in source}
    assert {key: found for key, found in other.items() if found != values_of(source[key])} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_its_forms_and_no_text_is_empty(language: str) -> None:
    for key, text in catalogue(language).items():
        assert key.rpartition(".")[2] not in PLURAL_FORMS - {"other"}, f"{key}: a plural without `other`"
        assert not isinstance(text, dict) or {"one", "other"} <= set(text) <= PLURAL_FORMS, key
        assert all(isinstance(form, str) and form.strip() for form in forms(text).values()), key


def test_a_country_only_says_otherwise_what_its_language_says() -> None:
    for file in LOCALE.glob("*.toml"):
        source = catalogue(file.stem.partition("_")[0])
        for key, text in overlay(file.stem).items():
            assert values_of(text) == values_of(source[key]), f"{file.name}: {key}"


def test_the_catalogues_of_a_language_are_named_alike() -> None:
    names = {language: {file.name for file in (LOCALE / language).glob("*.toml")} for language in LANGUAGES}
    assert names["es"] == names["en"] == names["pt_BR"]
    for file in LOCALE.rglob("*.toml"):
        assert tomllib.loads(file.read_text(encoding="utf-8")), file.name


def test_every_text_that_is_asked_for_exists() -> None:
    assert (
        sorted(f"{each.place} {each.key}" for each in asked() if each.fixed and each.key not in catalogue("es")) == []
    )


def test_every_text_gets_its_values() -> None:
    hungry = [
        f"{each.place} {each.key}"
        for each in asked()
        if each.values is not None and not values_of(catalogue("es").get(each.key, "")) <= each.values
    ]
    assert hungry == []


def test_a_key_put_together_at_run_time_is_listed_with_its_reason() -> None:
    known = {*DYNAMIC, *PASSED_ON}
    assert sorted({f"{each.place} {each.key}" for each in asked() if not each.fixed and each.key not in known}) == []


def test_the_list_of_keys_put_together_at_run_time_is_not_out_of_date() -> None:
    patterns = {each.key for each in asked() if not each.fixed} - {ANYTHING}
    handed_on = patterns & set(PASSED_ON)
    stale = {
        pattern for pattern in set(DYNAMIC) - patterns if not any(fnmatchcase(pattern, wide) for wide in handed_on)
    }
    assert stale == set()
    assert [pattern for pattern in DYNAMIC if not any(fnmatchcase(key, pattern) for key in catalogue("es"))] == []


def test_no_text_is_left_that_nobody_says() -> None:
    said = {each.key for each in asked()} | texts_in_code()
    unsaid = [key for key in catalogue("es") if key not in said and not key.startswith("errors.")]
    assert [key for key in unsaid if not any(fnmatchcase(key, pattern) for pattern in DYNAMIC)] == []


def test_every_error_has_its_words() -> None:
    raised = codes_raised(ERROR_CLASSES)
    words = {key.removeprefix("errors.") for key in catalogue("es") if key.startswith("errors.")}
    assert {code: place for code, place in raised.items() if code not in words} == {}


def test_no_words_are_left_for_an_error_that_nobody_raises() -> None:
    written = texts_in_code()
    codes = [key.removeprefix("errors.") for key in catalogue("es") if key.startswith("errors.")]
    assert [code for code in codes if code not in written and not is_of_a_field(code, written)] == []


def is_of_a_field(code: str, written: set[str]) -> bool:
    """Whether the code is `<code>_<field>`."""
    places = [place for place, sign in enumerate(code) if sign == "_"]
    return any({code[:place], code[place + 1 :]} <= written for place in places)


def test_something_was_looked_at() -> None:
    assert {"label.slip.*"} <= {each.key for each in asked()}
    assert ANYTHING not in "".join(catalogue("es"))
