"""Untrusted JSON, tamed: reading a wrong shape is one `BadPayload` that names the path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integration.domain.errors import BadPayload, storable
from integration.domain.money import Money

_YEARS = range(1970, 2200)  # outside, adding a policy's delay could leave what a datetime holds


class Payload:
    """One place in a JSON body. Absent and `null` are the same."""

    __slots__ = ("_above", "_step", "value")

    def __init__(self, value: Any, step: str | int = "$", above: Payload | None = None) -> None:
        self.value = value
        self._step = step
        self._above = above

    @property
    def path(self) -> str:
        """Where it is: `$.line_items[0].id`. Put together when asked for, which only an error does."""
        if self._above is None:
            return str(self._step)
        step = f"[{self._step}]" if isinstance(self._step, int) else f".{self._step}"
        return self._above.path + step

    @classmethod
    def of(cls, body: bytes) -> Payload:
        """The body, whole numbers exact and others as Decimal; `BadPayload("not_json")`."""
        try:
            return cls(json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number))
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise BadPayload("not_json") from error

    def __bool__(self) -> bool:
        return self.value is not None

    def at(self, name: str) -> Payload:
        """A member of this object; empty when the member, or this object itself, is absent."""
        if self.value is None:
            return Payload(None, name, self)
        if not isinstance(self.value, dict):
            raise self.wrong()
        return Payload(self.value.get(name), name, self)

    def each(self, name: str) -> Iterator[Payload]:
        """The entries of a member that is a list; none when it is absent."""
        member = self.at(name)
        if member.value is not None and not isinstance(member.value, list):
            raise member.wrong()
        for place, entry in enumerate(member.value or ()):
            yield Payload(entry, place, member)

    def text(self, name: str) -> str:
        """A text without NUL and lone surrogates, which databases and mails refuse; empty when absent."""
        return _text(self.at(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list, empty ones left out."""
        return tuple(found for entry in self.each(name) if (found := _text(entry)))

    def ref(self, name: str) -> str:
        """An id: a whole number of any length or a text, as text; needed."""
        return _ref(self.at(name))

    def refs(self, name: str) -> tuple[str, ...]:
        """The ids of a list; none when it is absent."""
        return tuple(_ref(entry) for entry in self.each(name))

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number below a milliard, such as a quantity."""
        member = self.at(name)
        if member.value is None:
            return default
        if not isinstance(member.value, int) or isinstance(member.value, bool) or abs(member.value) >= 10**9:
            raise member.wrong()
        return member.value

    def flag(self, name: str) -> bool | None:
        """True, false, or `None` when it is absent."""
        member = self.at(name)
        if member.value is not None and not isinstance(member.value, bool):
            raise member.wrong()
        return member.value

    def money(self, name: str, currency: str) -> Money:
        """An amount written as text or number; needed."""
        member = self.at(name)
        if isinstance(member.value, bool) or not isinstance(member.value, str | int | Decimal):
            raise member.wrong()
        return Money.of(member.value, currency)

    def moment(self, name: str) -> datetime | None:
        """An ISO 8601 time that says its offset, as aware UTC; `None` when it is absent or empty."""
        written = self.text(name)
        if not written:
            return None
        try:
            found = datetime.fromisoformat(written).astimezone(UTC) if _has_offset(written) else None
        except (ValueError, OverflowError) as error:
            raise self.at(name).wrong() from error
        if found is None or found.year not in _YEARS:
            raise self.at(name).wrong()
        return found

    def needed_moment(self, name: str) -> datetime:
        """Like `moment`, but it must be there."""
        found = self.moment(name)
        if found is None:
            raise self.at(name).wrong()
        return found

    def wrong(self) -> BadPayload:
        """The error that names this place."""
        return BadPayload("bad_shape", path=self.path[:200])


def _text(place: Payload) -> str:
    if place.value is None:
        return ""
    if not isinstance(place.value, str):
        raise place.wrong()
    return storable(place.value).strip()


def _ref(place: Payload) -> str:
    if isinstance(place.value, int) and not isinstance(place.value, bool) and 0 < place.value < 10**40:
        return str(place.value)
    if isinstance(place.value, str) and (found := _text(place)):
        return found[:200]
    raise place.wrong()


def _has_offset(written: str) -> bool:
    return datetime.fromisoformat(written).tzinfo is not None


def _no_number(name: str) -> None:
    raise ValueError(name)
