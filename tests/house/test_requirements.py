"""The requirement files install the same hashed wheels everywhere, from whichever index the machine uses."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"(?P<name>[a-z0-9-]+)(\[(?P<extras>[a-z0-9,-]+)\])?==(?P<version>[0-9a-z.]+)( ; [\w '.=!<>()]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def lines(file: str) -> list[str]:
    return (ROOT / file).read_text(encoding="utf-8").splitlines()


def pins(file: str) -> dict[str, str]:
    found = (PIN.fullmatch(line) for line in lines(file))
    return {pin["name"]: pin["version"] for pin in found if pin}


def pinned_extras(file: str) -> set[str]:
    """Every `name[extra]` that stands pinned as such."""
    found = filter(None, (PIN.fullmatch(line) for line in lines(file)))
    return {f"{pin['name']}[{extra}]" for pin in found if pin["extras"] for extra in pin["extras"].split(",")}


def asked(file: str) -> list[Requirement]:
    """What pyproject asks of a file."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups, table = project["dependency-groups"], project["project"]
    texts = [*table["dependencies"], *groups["build"]]
    if file == "requirements-dev.txt":
        texts += [text for text in groups["dev"] if isinstance(text, str)]
        texts += [text for extra in ("postgres", "celery") for text in table["optional-dependencies"][extra]]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("file", FILES)
def test_a_requirement_file_holds_pins_and_hashes_and_nothing_else(file: str) -> None:
    assert [line for line in lines(file) if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_of_pyproject_is_pinned_to_a_version_it_allows(file: str) -> None:
    pinned = pins(file)
    loose = [str(want) for want in asked(file) if not want.specifier.contains(pinned.get(want.name.lower(), "0"))]
    assert loose == [], "run `make lock`"


def test_what_is_asked_for_with_an_extra_is_pinned_with_it() -> None:
    """Or pip takes the newest version for the extra, and refuses it for want of a hash, once there is a newer one."""
    pinned = pinned_extras("requirements-dev.txt")
    wanted = set[str]()
    for package in distributions():
        name = package.metadata["Name"].lower()
        on = {pin.partition("[")[2].rstrip("]") for pin in pinned if pin.startswith(f"{name}[")} | {""}
        for want in map(Requirement, package.requires or ()):
            if want.name.lower() in pins("requirements-dev.txt") and (not want.marker or _holds(want.marker, on)):
                wanted |= {f"{want.name.lower()}[{extra}]" for extra in want.extras}
    assert {"coverage[toml]", "kombu[redis]"} <= wanted <= pinned


def _holds(marker: Marker, extras: set[str]) -> bool:
    return any(marker.evaluate({"extra": extra}) for extra in extras)


def test_developers_run_the_same_versions_as_owners() -> None:
    owners, developers = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: developers.get(name) for name in owners} == owners


def test_one_component_more_is_a_decision() -> None:
    """D16: what is pinned to run has to be kept free of flaws, so its number has a bound; raise it with a reason."""
    assert len(pins("requirements.txt")) <= 45


def test_whoever_runs_one_machine_installs_no_broker() -> None:
    assert {"celery", "kombu", "redis"} & set(pins("requirements.txt")) == set()


def test_the_service_starts_without_the_engine_of_many_machines() -> None:
    modules = "integration.cli, integration.app, integration.worker.embedded, webhooks.routes"
    code = f"import sys, {modules}; sys.exit(bool({{'celery', 'kombu'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_start_reads_nothing_that_only_others_need() -> None:
    """Who checks a sender, draws the first label or runs another command waits for that; who starts the service not."""
    late = {"dns", "reportlab", "PIL", "zxingcpp", "celery", "integration.demo", "integration.cli.shops"}
    code = f"import sys, integration.cli.running; print(*({late} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout.split() == []
