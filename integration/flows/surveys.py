"""The survey: opened, answered, edited; an answer may open a complaint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration.flows.complaints import ComplaintView
from integration.flows.services import Services
from integration.flows.visits import Visit


@dataclass(frozen=True, slots=True)
class Answered:
    """What she sent before."""

    score: int
    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class SurveyView:
    """The survey page: `answered` is shown, `editable` says whether it may still be changed (24 h)."""

    visit: Visit
    answered: Answered | None
    editable: bool
    complaint: ComplaintView | None


def page(services: Services, token: str) -> SurveyView:
    """What the page shows; writes nothing."""
    raise NotImplementedError


def intend(services: Services, token: str, score: int) -> None:
    """A rating link was opened, by a person or a scanner: noted apart, never an answer."""
    raise NotImplementedError


def answer(services: Services, token: str, form: Mapping[str, str], locale: str) -> SurveyView:
    """Keep the answer of fields `score`, `cause`, `text`; `BadForm("bad_answer", field=…)`."""
    raise NotImplementedError
