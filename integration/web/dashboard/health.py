"""How the service does, in plain words; what is wrong comes with what to do (F7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response

from integration import __version__
from integration.flows import doctor
from integration.flows import health as flow
from integration.flows.accounts import Person
from integration.flows.findings import Finding
from integration.i18n import Words, placeholders
from integration.web.dashboard.door import show, words_of
from integration.web.visitor import services


@dataclass(frozen=True, slots=True)
class Told:
    """A check in words; `remedy` is empty where nothing is wrong."""

    ok: bool
    text: str
    remedy: str


def health(who: Person) -> Response:
    """By what is kept here; no store is called for it."""
    return _page(who, flow.look(services()))


def now(who: Person) -> Response:
    """By asking the stores and our own address too, as `postventa doctor` does."""
    return _page(who, doctor.examine_for(services(), who), asked=True)


def _page(who: Person, findings: Sequence[Finding], *, asked: bool = False) -> Response:
    words = words_of(who)
    areas = {name: [told(words, one) for one in findings if flow.area_of(one) == name] for name in flow.AREAS}
    wrong = sum(not one.ok for one in findings)
    shown = {name: sorted(lines, key=lambda line: line.ok) for name, lines in areas.items() if lines}
    return show("desk/health", areas=shown, wrong_ones=wrong, asked=asked, version=__version__)


def told(words: Words, finding: Finding) -> Told:
    """The words of a check, as `postventa doctor` says them; reasons in the words of their errors."""
    params = dict(finding.params)
    if "why" in params:
        params["why"] = " ".join(_why(words, code) for code in str(params["why"]).split(", "))
    said = words(f"doctor.{finding.check}.{'ok' if finding.ok else 'bad'}", **params)
    return Told(finding.ok, said, "" if finding.ok else words(f"doctor.{finding.check}.remedy", **params))


def _why(words: Words, code: str) -> str:
    for key in (f"checks.{code}.bad", f"errors.{code}"):
        if words.has(key) and not placeholders(words(key)):
            return words(key)
    return code
