"""Speaks to the person at the terminal: language, sentences, errors."""

from __future__ import annotations

import json
import sys
from typing import Any

from integration.domain.errors import PostventaError
from integration.i18n import Words, closest_language
from integration.settings import terminal_language

words = Words(closest_language(terminal_language(), default="en"))


def say(key: str, **values: object) -> None:
    """One line of the catalogue's `cli` area."""
    print(words(f"cli.{key}", **values))


def say_error(error: PostventaError) -> None:
    """What went wrong in the reader's words, on standard error."""
    print(error_words(error, words), file=sys.stderr)


def error_words(error: PostventaError, reader: Words) -> str:
    """The sentence for an error's code, or the code itself with its values when nobody has put it into words yet."""
    key = f"errors.{error.code}"
    if not reader.has(key):
        return str(error)
    try:
        return reader(key, **error.params)
    except KeyError:
        return str(error)


def print_json(data: Any) -> None:
    """One JSON document for scripts."""
    print(json.dumps(data, ensure_ascii=False, default=str))


def table(rows: list[tuple[str, ...]]) -> None:
    """Aligned columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
