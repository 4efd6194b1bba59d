"""The wheel carries all that `postventa` needs to run, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("integration", "connectors", "webhooks", "emails")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built offline."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


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
