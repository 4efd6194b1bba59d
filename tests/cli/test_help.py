"""Every command and option explains itself in the terminal's language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from integration.i18n import LANGUAGES
from tests.house.conftest import ROOT

TERMINAL = {"es": "es_CL.UTF-8", "en": "en_GB.UTF-8", "pt_BR": "pt_PT.UTF-8"}
CLICKS_OWN = ("Usage:", "Options:", "Commands:", "Show this", "Show the", "[required]", "default:")


@cache
def pages(language: str) -> list[dict[str, Any]]:
    """What `tests.cli.help_pages` prints where this language is spoken."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.cli.help_pages"],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": TERMINAL[language], "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_option_says_what_it_is_for(language: str) -> None:
    for page in pages(language):
        assert page["help"], page["name"]
        assert [option for option, text in page["options"].items() if not text] == [], page["name"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_argument_is_named_where_its_command_is_explained(language: str) -> None:
    for page in pages(language):
        names = [name.strip("[].") for name in page["arguments"] if "|" not in name]  # choices name themselves
        assert [name for name in names if name not in page["help"] and name != "FILES"] == [], page["name"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_of_commands_shows_whole_sentences(language: str) -> None:
    cut = [line for page in pages(language) if page["group"] for line in page["page"].splitlines()]
    assert [line for line in cut if line.endswith("...") and "[ARGS]" not in line] == []


@pytest.mark.parametrize("language", ["es", "pt_BR"])
def test_nothing_on_a_help_page_is_left_in_another_language(language: str) -> None:
    english = {page["name"]: page for page in pages("en")}
    for page in pages(language):
        assert [words for words in CLICKS_OWN if words in page["page"]] == [], page["name"]
        assert page["help"] != english[page["name"]]["help"]
        same = set(page["options"].items()) & set(english[page["name"]]["options"].items())
        assert same == set(), page["name"]


def test_every_command_takes_a_config() -> None:
    assert [page["name"] for page in pages("en") if not page["group"] and "--config" not in page["options"]] == []
