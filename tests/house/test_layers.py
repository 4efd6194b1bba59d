"""Imports point down, and each part of the outside has one door."""

from __future__ import annotations

import ast
import sys
import tomllib

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.house.code import PACKAGES, calls, dotted, imports, sources, uses
from tests.house.conftest import ROOT

WITHOUT_LAYER = {"integration"}  # holds the version and nothing else
WALL_CLOCK = {
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime"),
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv"}
OTHER_HTTP = ("urllib.request.", "http.client.", "httpx.", "aiohttp.", "ftplib.", "xmlrpc.")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def test_the_contracts_of_pyproject_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # It sets logging up anew, and would silence every logger of ours for the tests that come after.
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda config: None)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_module_belongs_to_a_layer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    rows = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    layers = tuple(part.strip(" ()") + "." for row in rows for part in row.replace("|", ":").split(":"))
    modules = {dotted(path) for path, _ in sources(*PACKAGES)} - WITHOUT_LAYER
    assert [module for module in modules if not f"{module}.".startswith(layers)] == []


def test_what_belongs_to_no_layer_imports_nothing_of_ours() -> None:
    found = [
        full for path, tree in sources("integration") if dotted(path) in WITHOUT_LAYER for _, full in imports(tree)
    ]
    assert [name for name in found if name.startswith(PACKAGES)] == []


def offenders(names: set[str], allowed: str) -> list[str]:
    found = [(path, line) for path, tree in sources(*PACKAGES) if path != allowed for line in uses(tree, names)]
    return [f"{path}:{line}" for path, line in found]


def test_the_wall_clock_is_read_in_one_place() -> None:
    assert offenders(WALL_CLOCK, "integration/clock.py") == []


def test_the_environment_is_read_in_one_place() -> None:
    assert offenders(ENVIRONMENT, "integration/settings.py") == []


def test_nobody_calls_out_past_the_one_door() -> None:
    """The demo plays the outside, and the door itself tells a library how to read."""
    found = [(path, full) for path, tree in sources(*PACKAGES) for _, full in imports(tree)]
    ours = [(path, full) for path, full in found if not path.startswith(("integration/demo/", "connectors/http.py"))]
    assert [entry for entry in ours if f"{entry[1]}.".startswith(OTHER_HTTP)] == []


def test_the_domain_stands_on_the_standard_library_alone() -> None:
    found = [full for _, tree in sources("integration/domain") for _, full in imports(tree)]
    strange = [full for full in found if full.split(".")[0] not in sys.stdlib_module_names]
    assert [full for full in strange if not full.startswith("integration.domain.")] == []


def test_outside_the_database_a_session_is_held_but_no_statement_is_written() -> None:
    for path, tree in sources(*PACKAGES):
        if not path.startswith("integration/db/"):
            taken = {full for _, full in imports(tree) if full.startswith("sqlmodel")}
            assert taken <= {"sqlmodel.Session"}, path
            assert not list(calls(tree, {"exec", "execute", "scalars", "exec_driver_sql"})), path


def test_a_file_is_named_for_what_it_holds() -> None:
    names = {name for path, _ in sources(*PACKAGES, "tests") for name in dotted(path).split(".")}
    assert names & EMPTY_NAMES == set()


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.utcnow()",
        "from datetime import date as day\nday.today()",
        "from time import time as t\nt()",
        "import time\nread = time.time",
        "from os import environ\nenviron['X']",
        "import os\nos.getenv('X')",
    ],
)
def test_these_checks_see_a_name_however_it_is_imported(code: str) -> None:
    assert uses(ast.parse(code), WALL_CLOCK | ENVIRONMENT) == [2]


@pytest.mark.parametrize(
    "code",
    [
        "now = visit.now\nclock.time()",
        "from datetime import datetime\ndatetime.fromtimestamp(1, UTC)",
        "import time\ntime.monotonic()",
    ],
)
def test_these_checks_let_other_names_be(code: str) -> None:
    assert uses(ast.parse(code), WALL_CLOCK | ENVIRONMENT) == []
