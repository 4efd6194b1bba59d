"""Tables for spreadsheets: UTF-8 with its mark, RFC 4180 quotes, and no cell that a program would run (D6)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response, request

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\0")


def download(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """The rows as a file; `?separator=;` for spreadsheets set to Spanish or Portuguese."""
    separator = ";" if request.args.get("separator") == ";" else ","
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    answer = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_RUNS):
        return f"'{value}"
    return "" if value is None else value
