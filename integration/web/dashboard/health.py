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
from integration.i18n import Words, finding_words
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
    """The words of a check, as `postventa doctor` says them."""
    return Told(finding.ok, *finding_words(words, finding.check, ok=finding.ok, params=finding.params))
