"""Speaks to the person at the terminal: language, sentences, errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from integration import i18n
from integration.domain.errors import PostventaError
from integration.i18n import Words, closest_language, placeholders
from integration.settings import terminal_language

words = Words(closest_language(terminal_language(), default="en"))


def say(key: str, **values: object) -> None:
    """One line of the catalogue's `cli` area."""
    print(words(f"cli.{key}", **values))


def say_error(error: PostventaError) -> None:
    """What went wrong in the reader's words, on standard error."""
    print(error_words(error), file=sys.stderr)


def error_words(error: PostventaError) -> str:
    """The sentence for an error's code, or the code itself with its values when nobody has put it into words yet."""
    if "check" in error.params:  # a store that did not pass: what was looked at says more than that it failed
        return check_words(str(error.params["check"]), ok=False, params=error.params)
    return _filled(f"errors.{error.code}", error.params) or str(error)


def check_words(code: str, *, ok: bool, params: Mapping[str, object]) -> str:
    """What was looked at and, where it failed, the reason."""
    return i18n.check_words(words, code, ok=ok, params=params)


def reason_words(code: str) -> str:
    """Why something stopped, in the words of its error; the code itself where those need values that are not kept."""
    return _filled(f"errors.{code}", {}) or code


def _filled(key: str, params: Mapping[str, object]) -> str:
    """The text with its values; empty when there is none, or a value is missing."""
    try:
        text = words(key, **params)
    except KeyError:
        return ""
    return "" if not params and placeholders(text) else text


def print_json(data: Any) -> None:
    """One JSON document for scripts."""
    print(json.dumps(data, ensure_ascii=False, default=str))


def table(rows: list[tuple[str, ...]]) -> None:
    """Aligned columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
