"""Home: what waits today, and the five numbers; the same numbers as a file."""

from __future__ import annotations

from functools import partial

from flask import Response, request

from integration.flows import numbers, today
from integration.flows.accounts import Person
from integration.flows.numbers import PERIODS, Numbers
from integration.i18n import Words, reason_words
from integration.rules.kpis import Line
from integration.web.dashboard import spreadsheet
from integration.web.dashboard.door import chosen_shops, show, words_of
from integration.web.visitor import services

DETAILS = {
    "complaints": ("complaints_per_100",),
    "first_reply": ("first_reply_p90", "acknowledged", "acknowledged_p90"),
    "resolution": ("resolution_p90", "first_resolution"),
    "csat": ("response_rate",),
    "retention": ("retention_resolved", "retention_unresolved", "retention_silent", "codes_used"),
}
"""The five numbers, and the lines below each."""


def home(who: Person) -> Response:
    """What waits, and how good the service is."""
    shops = chosen_shops(who)
    found = _numbers(shops)
    causes = [figure.now for name, figure in found.figures.items() if name.startswith("cause.")]
    words = words_of(who)
    return show(
        "desk/home",
        waiting=today.waiting(services(), who),
        shops=today.shops_of(services(), who),
        shop=request.args.get("shop", ""),
        numbers=found,
        details=DETAILS,
        periods=PERIODS,
        causes=causes,
        amount=partial(amount, words),
        basis=partial(basis, words),
        exact=exact,
        reason=partial(reason_words, words),
    )


def amount(words: Words, line: Line) -> str:
    """The value in words, short: `12`, `4,4`, `82 %`, `35 min`, `2,3 días`; a dash where there is none."""
    if line.value is None:
        return words("desk.units.none")
    if line.unit in ("count", "per_100"):
        return words.number(line.value)
    if line.unit == "percent":
        return words("desk.units.percent", value=words.number(line.value))
    return _wait(words, line.value)


def _wait(words: Words, hours: float) -> str:
    if hours < 1 / 60:
        return words("desk.units.seconds", value=words.number(round(hours * 3600)))
    if hours < 1:
        return words("desk.units.minutes", value=words.number(round(hours * 60)))
    if hours < 48:
        return words("desk.units.hours", value=words.number(round(hours, 1)))
    return words("desk.units.days", value=words.number(round(hours / 24, 1)))


def basis(words: Words, line: Line) -> str:
    """What the value rests on: how many, of how many, and how sure."""
    if line.unit == "count":
        return words("desk.basis.complaints")
    if not line.of:
        return words("desk.basis.nothing")
    few, told = line.value is None, {"n": line.n, "of": line.of}
    if line.unit != "percent":
        return words("desk.basis.few_waits" if few else "desk.basis.waits", **told)
    if few or line.low is None or line.high is None:
        return words("desk.basis.few_shares", **told)
    return words("desk.basis.share", **told, low=words.number(line.low), high=words.number(line.high))


def exact(line: Line) -> str:
    """The value as the export writes it."""
    return "" if line.value is None else str(line.value)


def numbers_csv(who: Person) -> Response:
    """Every line of the numbers as a table for spreadsheets."""
    found, words = _numbers(chosen_shops(who)), words_of(who)
    head = ("figure", "name", "value", "unit", "n", "of", "low", "high", "from", "to")
    table = [_row(words, figure.now, found) for figure in found.figures.values()]
    return spreadsheet.download(f"postventa-{found.days}.csv", [head, *table])


def _row(words: Words, line: Line, found: Numbers) -> tuple[object, ...]:
    span = found.window if line.name.startswith("retention") else found.period
    name = words("desk.lines.cause") if line.name.startswith("cause.") else words(f"desk.lines.{line.name}")
    moments = (at.isoformat(timespec="seconds") for at in (span.start, span.end))
    return (line.name, name, line.value, line.unit, line.n, line.of, line.low, line.high, *moments)


def _numbers(shops: tuple[str, ...]) -> Numbers:
    days = request.args.get("days", "30")
    chosen = int(days) if days in {str(each) for each in PERIODS} else 30
    return numbers.of_shops(services(), shops, chosen)
