"""The wheel carries all that `postventa` needs to run, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.house.conftest import ROOT

PACKAGES = ("integration", "connectors", "webhooks", "emails")


@pytest.fixture(scope="module")
def carried(wheel: Path) -> set[str]:
    """The paths in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_every_file_of_the_four_packages_and_only_those(carried: set[str]) -> None:
    sources = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    here = {path.relative_to(ROOT).as_posix() for path in sources if path.is_file() and "__pycache__" not in path.parts}
    assert {path for path in carried if ".dist-info/" not in path} == here


def test_the_wheel_carries_its_licences(carried: set[str]) -> None:
    assert {path.rpartition("/")[2] for path in carried if "/licenses/" in path} == {"LICENSE", "NOTICE"}
