"""The example config is whole, true and explained: what an owner does not find there, there is not."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from integration.domain.errors import Misconfigured
from integration.settings import SECTIONS, Settings, load, settings_from
from tests.house.conftest import ROOT

EXAMPLE = ROOT / "integration" / "config.example.toml"
KEY = re.compile(r"(\w+) = ")


def keys_of(settings: Any, prefix: str = "") -> Iterator[str]:
    """`policy.fixes.late`: every key that a config may hold."""
    for item in dataclasses.fields(settings):
        value = getattr(settings, item.name)
        name = f"{prefix}{item.name.removesuffix('_')}"
        if dataclasses.is_dataclass(value):
            yield from keys_of(value, f"{name}.")
        elif prefix:
            yield name


def keys_in(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from keys_in(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def defaults() -> Settings:
    return Settings(folder=EXAMPLE.parent)


def test_the_example_loads_and_changes_nothing() -> None:
    assert load(EXAMPLE, {}) == defaults()


def test_the_example_holds_every_setting_once() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert sorted(keys_in(tomllib.loads(text))) == sorted(keys_of(defaults()))
    assert re.findall(r"^#.*\b\w+ = ", text, re.MULTILINE) == []


def test_every_setting_has_a_sentence_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    pairs = [(above, line) for above, line in pairwise(lines) if KEY.match(line)]
    assert [line for above, line in pairs if not re.fullmatch(r"# .+[.:]|# \.\.\..+\.|# .+\.\.\.", above)] == []


def test_the_example_that_readers_see_is_the_one_in_the_wheel() -> None:
    assert (ROOT / "config.example.toml").resolve() == EXAMPLE


@pytest.mark.parametrize("key", list(keys_of(Settings())))
def test_every_setting_can_come_from_the_environment(key: str) -> None:
    """Each with a value that no setting takes, so that the error has to name it."""
    variable = "POSTVENTA_" + key.upper().replace(".", "_")
    texts = {name for name in keys_of(Settings()) if isinstance(value_at(defaults(), name), str)}
    if key in texts and key not in WORDS_ONLY:
        changed = settings_from({}, Path(), {variable: "elsewhere"})
        assert value_at(changed, key) == "elsewhere"
    else:
        assert refused({variable: "¿qué?"}) == key


WORDS_ONLY = {
    *("mail.transport", "mail.starttls", "shop.zone", "shop.locale", "worker.engine", "policy.label"),
    *("log.level", "log.format", "alerts.daily"),
    *("policy.label_per", "policy.compensation.kind"),
    *(f"policy.fixes.{cause}" for cause in ("late", "damaged", "wrong_item", "not_as_described", "service", "other")),
}
"""Texts of which only some are allowed."""


def value_at(settings: Any, key: str) -> Any:
    for name in key.split("."):
        settings = getattr(settings, "from_" if name == "from" else name)
    return settings


def refused(environ: dict[str, str]) -> str:
    """The key that the error names; lists take any text, so they only have to change."""
    try:
        changed = settings_from({}, Path(), environ)
    except Misconfigured as error:
        return re.sub(r"\.\d+$", "", str(error.params["key"]))
    return next(key for key in keys_of(changed) if value_at(changed, key) != value_at(Settings(), key))


def test_every_section_of_the_settings_is_explained() -> None:
    assert set(tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))) == set(SECTIONS)
