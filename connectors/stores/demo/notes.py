"""Notes on orders of the demo store: `notes.json` in its folder."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.payload import Payload
from connectors.stores.demo.codes import read_file, write_file


def leave(folder: Path, ref: str, text: str, tag: str) -> str:
    """Add the line unless it is there; empty, since there is nothing against it."""
    file = folder / "notes.json"
    known = Payload({"notes": Payload.of(read_file(file)).value if file.exists() else []})
    lines = [{name: one.text(name) for name in ("order", "text", "tag")} for one in known.each("notes")]
    line = {"order": ref, "text": text, "tag": tag}
    if line not in lines:
        write_file(file, json.dumps([*lines, line], indent=1, ensure_ascii=False))
    return ""
