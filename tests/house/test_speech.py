"""The project speaks of itself alone: no machine of ours, no package host, nobody else's words."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.house.conftest import ROOT

# Written in pieces, so that this file holds none of what it looks for.
MACHINE = (
    r"/ho" r"me/\w",
    r"/ro" r"ot/",
    r"/Us" r"ers/\w",
    r"\b[A-Z]:\\\\?Us" r"ers",
    r"(?<![\w.])/wo" r"rk/",
    r"\.\./sha" r"red",
)
HOSTS = (
    *(r"py" r"pi\.org", r"pythonhos" r"ted\.", r"np" r"mjs\.", r"registry\.ya" r"rnpkg", r"cra" r"tes\.io"),
    *(r"deb\.deb" r"ian\.org", r"proxy\.gol" r"ang", r"rubyg" r"ems\.org"),
)
WORDS = (
    *(r"chat" r"gpt", r"\bgp" r"t-?\d", r"\bcl" r"aude", r"anth" r"ropic", r"open" r"ai\b", r"copi" r"lot"),
    *(r"\bgem" r"ini\b", r"language mo" r"del", r"\bsub" r"agent", r"\bprompt" r"(s|ed|ing)?\b", r"\bbri" r"ef\b"),
)
SIGNS = (r"\bA" r"I\b", r"\bLL" r"Ms?\b", r"\bTO" r"DO\b", r"\bFIX" r"ME\b")  # as written
BINARY = {".ttf", ".png", ".jpg", ".ico", ".woff2", ".pdf"}


def tracked() -> dict[str, str]:
    """The text files of the repository, by path."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = [ROOT / name for name in listing.split("\0") if name]
    texts = [path for path in paths if path.is_file() and path.suffix not in BINARY]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in texts}


def said(needles: tuple[str, ...], flags: int = 0) -> list[str]:
    pattern = re.compile("|".join(needles), flags)
    return [
        f"{path}:{number}: {found[0]}"
        for path, text in tracked().items()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := pattern.search(line))
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert said(MACHINE) == []


def test_no_file_names_a_package_registry() -> None:
    assert said(HOSTS, re.IGNORECASE) == []


def test_no_file_speaks_of_anything_but_the_project() -> None:
    signs = [found for found in said(SIGNS) if ".graphql:" not in found]  # a country code of the official schema
    words = [found for found in said(WORDS, re.IGNORECASE) if not found.startswith("requirements")]  # others' names
    assert words + signs == []


@pytest.mark.parametrize(
    ("needles", "pieces"),
    [
        (MACHINE, ("in /ho", "me/mia")),
        (MACHINE, ("/wo", "rk/x")),
        (HOSTS, ("from py", "pi.org")),
        (SIGNS, ("an A", "I")),
    ],
)
def test_these_checks_find_what_they_look_for(needles: tuple[str, ...], pieces: tuple[str, ...]) -> None:
    assert re.search("|".join(needles), "".join(pieces))


def test_these_checks_let_ordinary_paths_and_words_be() -> None:
    harmless = "https://example.com/home/ and /home and a worker in /works/ says: reply promptly, by air mail"
    assert not re.search("|".join((*MACHINE, *HOSTS, *WORDS, *SIGNS)), harmless)
