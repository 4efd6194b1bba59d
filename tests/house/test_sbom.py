"""The bill of materials lists all that runs, as it is pinned."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

from tests.house.conftest import ROOT
from tests.house.sbom import bill
from tests.house.test_requirements import asked, pins


@cache
def told() -> dict[str, Any]:
    return bill()


def components() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in told()["components"]}


def test_every_base_requirement_is_listed_with_its_pinned_version_and_hashes() -> None:
    listed = components()
    assert {name: one["version"] for name, one in listed.items()} == pins("requirements.txt")
    assert [name for name, one in listed.items() if not one["hashes"]] == []


def test_what_runs_is_told_apart_from_what_builds() -> None:
    scopes = {name: one["scope"] for name, one in components().items()}
    direct = {want.name.lower() for want in asked("requirements.txt")} - {"hatchling", "editables"}
    assert {name for name in direct if scopes[name] != "required"} == set()
    assert scopes["werkzeug"] == "required"  # by way of Flask
    assert scopes["hatchling"] == "excluded"


def test_everything_that_runs_states_its_licence() -> None:
    assert [name for name, one in components().items() if one["scope"] == "required" and "licenses" not in one] == []


def test_who_needs_whom_names_only_what_is_listed() -> None:
    refs = {one["bom-ref"] for one in told()["components"]} | {told()["metadata"]["component"]["bom-ref"]}
    for entry in told()["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= refs
    flask = next(entry for entry in told()["dependencies"] if entry["ref"].startswith("pkg:pypi/flask@"))
    assert any(ref.startswith("pkg:pypi/werkzeug@") for ref in flask["dependsOn"])


def test_one_command_writes_it_and_twice_the_same() -> None:
    run = [sys.executable, "-m", "tests.house.sbom"]
    first, second = (subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout for _ in range(2))
    assert first == second
    assert json.loads(first)["specVersion"] == "1.6"
