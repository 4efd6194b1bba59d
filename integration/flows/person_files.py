"""What is kept about one person, written for the owner: one file for programs, one to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

from integration.db.care_tables import PrivacyRequest
from integration.db.tables import Shop
from integration.files import replacing
from integration.i18n import Words, closest_language
from integration.settings import Settings

FOLDER = "people"
KEPT = timedelta(days=30)
Told = Mapping[str, Sequence[Mapping[str, Any]]]


def write(settings: Settings, shop: Shop, request: PrivacyRequest, told: Told) -> list[str]:
    """`people/<request>.json` and `.html` beside the config, for the owner's eyes only; their names."""
    folder = settings.path(FOLDER)
    folder.mkdir(mode=0o700, exist_ok=True)
    whole = {"shop": shop.name, "asked_at": request.asked_at, "tables": told}
    texts = {"json": json.dumps(whole, ensure_ascii=False, default=str, indent=1), "html": _page(shop, request, told)}
    for end, text in texts.items():
        with replacing(folder / f"{request.id}.{end}") as file:
            file.write(text.encode("utf-8", "replace"))
    return [f"{FOLDER}/{request.id}.{end}" for end in texts]


def remove(settings: Settings, request: PrivacyRequest) -> None:
    """The files of a request, if they are still there."""
    for name in request.files.split():
        Path(settings.path(name)).unlink(missing_ok=True)
    request.files = ""


def _page(shop: Shop, request: PrivacyRequest, told: Told) -> str:
    words = Words(closest_language(shop.locale, default="es"))
    title = escape(words("cli.people.title", shop=shop.name, day=f"{request.asked_at:%Y-%m-%d}"))
    lines = [
        "<!doctype html>", f'<html lang="{words.tag}"><meta charset="utf-8"><title>{title}</title>', f"<h1>{title}</h1>"
    ]  # fmt: skip
    lines += [f"<p>{escape(words('cli.people.nothing'))}</p>"] if not told else []
    for table, rows in told.items():
        lines += [f"<h2>{escape(table)}</h2>", *(line for row in rows for line in _row(row))]
    return "\n".join([*lines, "</html>"])


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    yield "<dl>"
    for name, value in row.items():
        text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
        if value not in (None, "", {}, []):
            yield f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>"
    yield "</dl>"
