"""How times are written: in `config.toml` (`"3d"`, `"off"`), with its lists, and in the header `Retry-After`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast, get_args, get_type_hints

from integration.domain.errors import Misconfigured

OFF = "off"
LONGEST_WAIT = timedelta(hours=6)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str, key: str = "") -> timedelta:
    """`3d`, `2h`, `90m`, `0s` as a timedelta; `Misconfigured("bad_duration")` otherwise, which names the `key`."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if not match:
        raise Misconfigured("bad_duration", key=key, value=text[:20])
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def spell_duration(duration: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads back."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def retry_after(value: str, told_at: datetime | None) -> timedelta | None:
    """The wait a server asks for: seconds (`2`, `2.0`) or a date seen from `told_at` (RFC 9110, 10.2.3).

    At most six hours; `None` for what is neither, or a date that cannot be compared.
    """
    try:
        wait = timedelta(seconds=float(value))
    except OverflowError:
        return None
    except ValueError:
        try:
            wait = parsedate_to_datetime(value) - cast("datetime", told_at)
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, timedelta()), LONGEST_WAIT)


def read_spelling(cls: Any, raw: Any, where: str) -> Any:
    """What was written for the dataclass `cls`, with its times, lists and `"off"` read; errors name the key."""
    if not isinstance(raw, Mapping):
        return raw
    hints = get_type_hints(cls)
    out = dict(raw)
    for name, value in raw.items():
        hint = hints.get(name)
        kinds = get_args(hint) or (hint,)
        if dataclasses.is_dataclass(hint):
            out[name] = read_spelling(hint, value, f"{where}.{name}".lstrip("."))
        elif value == OFF and type(None) in kinds:
            out[name] = None
        elif timedelta in kinds and isinstance(value, str):
            out[name] = parse_duration(value, f"{where}.{name}".lstrip("."))
        elif get_args(hint)[-1:] == (Ellipsis,) and isinstance(value, str):
            out[name] = [part.strip() for part in value.split(",") if part.strip()]
    return out
