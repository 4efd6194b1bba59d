"""An owner installs the wheel where nothing else is, and the main job runs from any folder: no make, no git."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.conftest import ROOT

INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")


@pytest.fixture(scope="module")
def postventa(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment that holds the wheel, its hashed requirements and nothing else."""
    programs = tmp_path_factory.mktemp("owner") / "env" / "bin"
    python = str(programs / "python")
    subprocess.run([sys.executable, "-m", "venv", str(programs.parent)], check=True)
    hashed = [python, *INSTALL, "--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements.txt")]
    subprocess.run(hashed, check=True, capture_output=True)
    subprocess.run([python, *INSTALL, "--no-deps", str(wheel)], check=True, capture_output=True)
    return programs / "postventa"


@pytest.mark.slow
def test_the_main_job_runs_from_the_wheel_in_an_empty_folder(postventa: Path, tmp_path: Path) -> None:
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    check = subprocess.run(
        [str(postventa), "demo", "--check"],
        cwd=tmp_path,
        env=bare,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr
