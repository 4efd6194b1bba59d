"""Writes what `postventa` is made of as a CycloneDX 1.6 bill of materials; `make sbom` runs it.

From `requirements.txt` come names, versions and hashes, from the installed packages licences and who needs whom. A
generator would bring two dozen packages of its own to tell of these.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from integration import __version__

ROOT = Path(__file__).parents[2]
_PIN = re.compile(r"^([a-z0-9-]+)==([0-9a-z.]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_OURS = "pkg:pypi/postventa"


def bill() -> dict[str, Any]:
    """The whole document; the same for the same requirements."""
    pins = {
        name: (version, rest) for name, version, rest in _PIN.findall((ROOT / "requirements.txt").read_text("utf-8"))
    }
    running = _needed("postventa", pins)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "postventa", "version": __version__, "bom-ref": _OURS}
        },
        "components": [_component(name, *pins[name], running=name in running) for name in sorted(pins)],
        "dependencies": [
            {"ref": _OURS, "dependsOn": [_ref(name, pins) for name in _asked("postventa", pins)]},
            *(
                {"ref": _ref(name, pins), "dependsOn": [_ref(one, pins) for one in _asked(name, pins)]}
                for name in sorted(pins)
            ),
        ],
    }


def _component(name: str, version: str, rest: str, *, running: bool) -> dict[str, Any]:
    found = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "scope": "required" if running else "excluded",  # what only builds the wheel is left out of what runs
        "hashes": [{"alg": "SHA-256", "content": one} for one in re.findall(r"sha256:([0-9a-f]{64})", rest)],
    }
    licence = _licence(name)
    return found | ({"licenses": [licence]} if licence else {})


def _licence(name: str) -> dict[str, Any]:
    """As the package itself states it; empty for one that is not installed here, such as for another system."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return {}
    if told.get("License-Expression"):
        return {"expression": told["License-Expression"]}
    said = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", ()) if line.startswith("License ::")]
    named = said[0] if said else (told.get("License") or "").partition("\n")[0]
    return {"license": {"name": named}} if named else {}


def _asked(name: str, pins: dict[str, Any]) -> list[str]:
    """What a package needs here, of what is pinned."""
    wants = [Requirement(text) for text in _requires(name)]
    here = {canonicalize_name(want.name) for want in wants if not want.marker or want.marker.evaluate({"extra": ""})}
    return sorted(here & set(pins))


def _requires(name: str) -> list[str]:
    if name == "postventa":
        own: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
        return own
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def _needed(name: str, pins: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = set(_asked(waiting.pop(), pins)) - found
        found |= new
        waiting += new
    return found


def _ref(name: str, pins: dict[str, Any]) -> str:
    return f"pkg:pypi/{name}@{pins[name][0]}"


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=1)
