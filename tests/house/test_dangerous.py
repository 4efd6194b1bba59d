"""Nothing in the code turns a text into a program, an object or a weak secret (ASVS 1.2.5, 1.3.2, 1.5.1, 11)."""

from __future__ import annotations

import ast
import re

import pytest

from integration.vault import new_key_line
from tests.house.code import PACKAGES, calls, imports, sources, uses
from tests.house.test_speech import tracked

RUNS_TEXT = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execl", "os.execv", "os.spawnl", "os.spawnv",
    "jinja2.Template", "flask.render_template_string",
}  # fmt: skip
READS_OBJECTS = ("pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml", "xml", "lxml", "ctypes")
WEAK = {
    "hashlib.md5", "hashlib.sha1", "random.random", "random.choice", "random.randint", "random.randrange",
    "random.randbytes",
    "cryptography.hazmat.primitives.ciphers.modes.ECB", "cryptography.hazmat.primitives.ciphers.modes.CBC",
    "cryptography.hazmat.primitives.hashes.MD5", "cryptography.hazmat.primitives.hashes.SHA1",
    "cryptography.hazmat.primitives.asymmetric.padding.PKCS1v15", "ssl._create_unverified_context", "ssl.CERT_NONE",
}  # fmt: skip


def found(names: set[str]) -> list[str]:
    return [f"{path}:{line}" for path, tree in sources(*PACKAGES) for line in uses(tree, names)]


def test_no_text_is_run_as_code() -> None:
    assert found(RUNS_TEXT) == []


def test_no_program_is_started_through_a_shell() -> None:
    shells = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shell"
    ]
    assert shells == []


def test_nothing_is_read_that_could_bring_objects_or_entities_along() -> None:
    known = [(path, name) for path, tree in sources(*PACKAGES) for _, name in imports(tree)]
    assert [(path, name) for path, name in known if name.split(".")[0] in READS_OBJECTS] == []


def test_no_weak_hash_cipher_padding_or_chance_is_used() -> None:
    assert found(WEAK) == []


UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|Markup")


def test_no_template_passes_a_text_on_as_markup() -> None:
    """D3: whatever people wrote stays text. Lines of a mail are escaped one by one before they are joined."""
    assert [path for path, text in tracked().items() if path.endswith(".html") and UNESCAPED.search(text)] == []
    made = [
        path for path, tree in sources(*PACKAGES) if uses(tree, {"markupsafe.Markup", "flask.Markup", "jinja2.Markup"})
    ]
    assert set(made) == {"emails/compose.py"}
    assert UNESCAPED.search("{{ text | safe }}")


def test_no_text_of_anybody_is_a_template() -> None:
    """D4: templates are files of ours; a sandbox would not keep a loop from taking all the memory."""
    assert [(path, call.lineno) for path, tree in sources(*PACKAGES) for call in calls(tree, {"from_string"})] == []


def test_certificates_are_always_checked() -> None:
    unchecked = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname")
        and isinstance(node.value, ast.Constant) and node.value.value is False
    ]  # fmt: skip
    assert unchecked == []


REAL = re.compile(
    r"shpat_[0-9a-f]{32}|c[ks]_[0-9a-f]{40}|whsec_[A-Za-z0-9+/]{24,}|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY"
    r"|k\d+:[A-Za-z0-9_-]{43}="
)


def test_nothing_that_looks_like_a_real_secret_is_in_the_repository() -> None:
    assert [(path, found[0][:12]) for path, text in tracked().items() if (found := REAL.search(text))] == []
    assert REAL.search(f"token = shp{'at_' + '0a' * 16}")
    assert REAL.search(new_key_line(1))


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (RUNS_TEXT, "eval('1')"),
        (RUNS_TEXT, "import os\nos.system('ls')"),
        (RUNS_TEXT, "from os import popen as p\np('ls')"),
        (WEAK, "import hashlib\nhashlib.md5(b'')"),
        (WEAK, "from random import choice\nchoice('ab')"),
        (WEAK, "from cryptography.hazmat.primitives.ciphers import modes\nmodes.ECB()"),
    ],
)
def test_these_checks_find_what_they_look_for(names: set[str], code: str) -> None:
    assert uses(ast.parse(code), names)
