"""README and LEEME tell what there is: the same commands and settings, and functions that exist."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from itertools import pairwise
from typing import Any

import click
import pytest

from connectors.http import Http, HttpLimits
from connectors.stores.shopify import scopes
from connectors.stores.shopify.client import API_VERSION
from connectors.stores.woocommerce import CONNECTOR
from integration.cli.commands import postventa
from tests.cli.help_pages import all_below
from tests.house.conftest import ROOT
from tests.house.test_example_config import keys_in

BOTH = ("README.md", "LEEME.md")
ROW = re.compile(r"\| `([^`]+)` \| (?:`([^`]*)` \| )?(.+) \|")
PLACE = re.compile(r"`([\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\((?!https?:)([^)\s]*)\)")


@cache
def text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def section(file: str, *headings: str) -> str:
    """The text under a heading, up to the next one of its level."""
    found = re.search(rf"^## (?:{'|'.join(headings)})$(.*?)(?=^## )", text(file), re.MULTILINE | re.DOTALL)
    assert found, f"{file} lacks {headings}"
    return found[1]


def settings(file: str) -> dict[str, str]:
    rows = (ROW.fullmatch(line) for line in section(file, "Settings", "Ajustes").splitlines())
    return {row[1]: row[2] for row in rows if row}


def commands(file: str) -> dict[str, set[str]]:
    """`shops add` and the options its row names."""
    found = {}
    for line in section(file, "Commands", "Comandos").splitlines():
        if line.startswith("| `postventa "):
            words = re.match(r"\| `postventa ([a-z]+(?:[ -][a-z]+)*)", line)
            assert words, line
            found[words[1]] = set(re.findall(r"--[a-z-]+", line))
    return found


def there_are(command: click.Command = postventa, path: tuple[str, ...] = ()) -> dict[str, set[str]]:
    if isinstance(command, click.Group):
        below = [there_are(sub, (*path, name)) for name, sub in all_below(command, click.Context(command)).items()]
        return {name: options for each in below for name, options in each.items()}
    options = {max(one.opts, key=len) for one in command.params if isinstance(one, click.Option)}
    return {" ".join(path): options - {"--config"}}


@pytest.mark.parametrize("file", BOTH)
def test_every_command_and_option_is_told_and_no_other(file: str) -> None:
    assert commands(file) == there_are()


@pytest.mark.parametrize("file", BOTH)
def test_every_setting_is_told_with_its_default(file: str) -> None:
    raw = tomllib.loads(text("config.example.toml"))
    told = settings(file)
    assert sorted(told) == sorted(keys_in(raw))
    assert {key: tomllib.loads(f"x = {value}")["x"] for key, value in told.items()} == {
        key: at(raw, key) for key in told
    }


def at(table: Any, key: str) -> Any:
    for name in key.split("."):
        table = table[name]
    return table


@pytest.mark.parametrize("file", BOTH)
def test_every_command_shown_in_an_example_can_be_typed(file: str) -> None:
    real = there_are()
    shown = [line.partition("#")[0] for line in re.findall(r"(?:`| {4})postventa ([a-z][^`\n]+)", text(file))]
    for line in shown:
        name = next((name for name in real if f"{line} ".startswith(f"{name} ")), "")
        assert name or line.strip() in {known.split()[0] for known in real}, f"{file}: {line}"
        options = set(re.findall(r"--[a-z-]+", line)) - {"--config", "--help"}
        assert options <= real.get(name, set()), f"{file}: {line}"
    assert len(shown) > 20


def test_every_function_in_the_life_of_an_order_is_where_it_is_said_to_be() -> None:
    places = PLACE.findall(section("README.md", "The life of a delivered order"))
    assert len(places) > 20
    for path, name in places:
        tree = ast.parse(text(path))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}, path


@pytest.mark.parametrize("file", [*BOTH, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_leads_somewhere(file: str) -> None:
    for link in LINK.findall(text(file)):
        target, _, anchor = link.partition("#")
        page = target or file
        assert (ROOT / page).exists(), link
        assert not anchor or anchor in anchors(page), link


def anchors(file: str) -> set[str]:
    """Headings as their links are spelled: lower case, no punctuation, a hyphen for each space."""
    titles = re.findall(r"^#+ (.+)$", text(file), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_webhooks_and_scopes_to_set_up_are_those_that_are_asked_for() -> None:
    for file in BOTH:
        assert [scope for scope in scopes.NEEDED_FOR if scope not in text(file)] == []
        assert API_VERSION in text(file)
    english = section("README.md", "Connect WooCommerce").lower()
    woocommerce = CONNECTOR("https://shop.example", {}, Http(HttpLimits())).webhook_topics()
    assert [topic for topic in woocommerce if topic.replace(".", " ") not in english] == []


def tried(file: str) -> list[list[str]]:
    """The rows of the table of what was tried where."""
    lines = section(file, "What has been tried, and where", "12. Qué se probó, y dónde").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return rows[1:]


@pytest.mark.parametrize("file", BOTH)
def test_what_was_tried_names_a_test_that_is_there_for_every_function(file: str) -> None:
    rows = tried(file)
    assert len(rows) > 20
    assert [row for row in rows if not re.fullmatch(r"`tests/[\w/]+\.py`", row[4])] == []
    assert [row[4] for row in rows if not (ROOT / row[4].strip("`")).is_file()] == []


def test_both_tell_the_same_of_what_was_tried_and_claim_nothing_live() -> None:
    here, there = (tried(file) for file in BOTH)
    assert [row[4] for row in here] == [row[4] for row in there]
    assert [bool(row[2]) for row in here] == [bool(row[2]) for row in there]
    assert {row[1] for row in here + there} == {"no"}
    assert [row for row in here if row[0].startswith("Shopify") and row[2]] == []


def test_no_table_row_is_broken() -> None:
    for file in BOTH:
        lines = text(file).splitlines()
        for above, line in pairwise(lines):
            if above.startswith("|") and line.startswith("|"):
                assert cells(above) == cells(line), f"{file}: {line[:60]}"


def cells(row: str) -> int:
    return len(re.sub(r"`[^`]*`|\\\|", "", row).split("|"))
