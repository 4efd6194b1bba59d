"""The documents in `docs/`: every command can be typed, links lead somewhere, both languages say the same."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest

from integration.cli.commands import postventa
from tests.house.conftest import ROOT
from tests.house.test_readme import LINK, anchors, cells, text

RUNBOOKS = ("docs/runbook.md", "docs/runbook.es.md")
DOCS = tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")))
COMMAND = re.compile(r"(?:`| {4}|\n)postventa ([^`\n]+)")


def typed(file: str) -> list[list[str]]:
    """Every command line of a document, as a shell splits it: without its comment and without where its output goes."""
    lines = (line.partition(" #")[0].partition(" > ")[0] for line in COMMAND.findall(text(file)))
    return [shlex.split(line) for line in lines]


def parse(words: list[str]) -> None:
    """Have click read the words and run nothing; `click.UsageError` says what cannot be typed."""
    command: click.Command = postventa
    parent: click.Context | None = None
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        parent = click.Context(command, info_name=command.name, parent=parent)
        found = command.get_command(parent, words[0])
        if found is None:
            raise click.UsageError(f"no command {words[0]}")
        command, words = found, words[1:]
    if isinstance(command, click.Group) and words not in (["--version"], ["--help"]):
        raise click.UsageError("a command is missing")
    if not isinstance(command, click.Group):
        command.make_context(command.name, words, parent=parent)


@pytest.mark.parametrize("file", DOCS)
def test_every_command_can_be_typed_as_it_stands(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mia.toml", "backups/NAME", "backups/NOMBRE"):  # what the owner has by then
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    wrong = {}
    for words in typed(file):
        try:
            parse(list(words))
        except click.UsageError as error:
            wrong[" ".join(words)] = error.format_message()
    assert wrong == {}


@pytest.mark.parametrize(
    "line", ["shops chek Mia", "tasks retry", "keys rotate --all", "backup --to", "shops", "users disable"]
)
def test_a_command_that_cannot_be_typed_is_found(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse(shlex.split(line))


def test_both_runbooks_have_the_same_steps() -> None:
    english, spanish = (re.findall(r"^(## |\d+\. |\* \[|\| )", text(file), re.MULTILINE) for file in RUNBOOKS)
    assert english == spanish
    named = [
        re.compile(r"# (?:set|pon).*|/mnt/\S+|carpeta|folder|NAME|NOMBRE|[^\s`]+@[^\s`]+").sub("…", text(file))
        for file in RUNBOOKS
    ]
    said = [COMMAND.findall(one) for one in named]
    assert said[0] == said[1]
    assert len(said[0]) > 60


def test_the_runbook_has_an_answer_for_each_kind_of_trouble() -> None:
    headings = [line for line in text(RUNBOOKS[0]).splitlines() if line.startswith("## ")]
    for trouble in (
        "mail server",
        "disk",
        "keys",
        "Webhooks",
        "code",
        "laptop",
        "back-up",
        "machine",
        "version",
        "Erasing",
        "stopped",
    ):
        assert any(trouble in heading for heading in headings), trouble


@pytest.mark.parametrize("file", DOCS)
def test_every_link_leads_somewhere(file: str) -> None:
    for link in LINK.findall(text(file)):
        target, _, anchor = link.partition("#")
        page = (ROOT / file).parent.joinpath(target).resolve().relative_to(ROOT).as_posix() if target else file
        assert (ROOT / page).exists(), link
        assert not anchor or anchor in anchors(page), link


@pytest.mark.parametrize("file", DOCS)
def test_no_table_row_is_broken(file: str) -> None:
    for above, line in pairwise(text(file).splitlines()):
        if above.startswith("|") and line.startswith("|"):
            assert cells(above) == cells(line), f"{file}: {line[:60]}"


@pytest.mark.parametrize(("file", "shown"), [("README.md", "docs/runbook.md"), ("LEEME.md", "docs/runbook.es.md")])
def test_the_readme_leads_to_the_runbook(file: str, shown: str) -> None:
    assert f"({shown})" in text(file)


# -- security and promises -------------------------------------------------------------------------------------

LEVEL_1 = """
    1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1  2.1.1 2.2.1 2.2.2 2.3.1  3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2
    3.5.3  4.1.1 4.4.1  5.2.1 5.2.2 5.3.1 5.3.2  6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1
    6.4.2  7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2  8.1.1 8.2.1 8.2.2 8.3.1  9.1.1 9.1.2 9.1.3 9.2.1  10.4.1 10.4.2 10.4.3
    10.4.4 10.4.5  11.3.1 11.3.2 11.4.1  12.1.1 12.2.1 12.2.2  13.4.1  14.2.1 14.3.1  15.1.1 15.2.1 15.3.1
"""
"""Every requirement of ASVS 5.0.0 with level 1; chapters 16 and 17 have none."""
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@pytest.mark.parametrize("file", DOCS)
def test_every_test_that_is_named_exists(file: str) -> None:
    for path, name in TEST.findall(text(file)):
        assert (ROOT / path).is_file(), path
        assert not name or re.search(rf"^def {name}\(", text(path), re.MULTILINE), f"{path}::{name}"


def test_every_requirement_of_level_1_has_its_row_its_status_and_its_test() -> None:
    rows = [line for line in text("docs/asvs.md").splitlines() if re.match(r"\| \d", line)]
    assert [row.split("|")[1].strip() for row in rows] == LEVEL_1.split()
    assert len(rows) == 70
    for row in rows:
        _, _, _, status, test, _ = row.split("|")
        assert status.strip().startswith(("met", "not applicable", "open")), row
        assert len(status.strip()) > 12 or status.strip() == "met", f"a reason is missing: {row}"
        assert TEST.search(test), row


def test_each_of_shopifys_checks_has_its_row_its_status_and_its_test() -> None:
    rows = [line.split("|") for line in text("docs/asvs.md").splitlines() if re.match(r"\| [A-Z]+_[A-Z_]+ \|", line)]
    assert len({row[1].strip() for row in rows}) == len(rows) == 34
    for _, check, status, test, _ in rows:
        assert status.strip().startswith(("met", "not applicable", "open")), check
        assert TEST.search(test), check


def test_the_rules_that_have_to_be_written_down_are_there() -> None:
    for heading in ("What input may be", "Who gets in", "Who may do what", "How fast flaws are mended"):
        _, _, below = text("docs/asvs.md").partition(f"\n## {heading}\n")
        assert len(below.partition("\n## ")[0]) > 300, heading


def test_every_row_of_the_bench_that_is_promised_is_measured() -> None:
    table = text("docs/promises.md").partition("## What one small machine carries")[2].partition("\n## ")[0]
    rows = [line.rsplit("|", 2)[1].strip().strip("`").strip() for line in table.splitlines() if line.startswith("| ")]
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests/bench").glob("*.py"))
    assert len(rows) > 10
    assert [row for row in rows[1:] if row not in sources] == []


def test_every_promise_names_the_test_that_breaks_with_it() -> None:
    for line in text("docs/promises.md").partition("## What one small machine carries")[0].splitlines():
        if line.startswith("| ") and not line.startswith(("| promise", "| what fails")):
            assert TEST.search(line), line
