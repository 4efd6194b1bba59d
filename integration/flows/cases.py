"""The owner's side of a complaint: read it, answer as mail, grant fix and extra, refuse, close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integration.domain.facts import Order
from integration.domain.money import Money
from integration.flows.complaints import Step
from integration.flows.services import Services
from integration.flows.visits import Visit

ACTIONS = ("answer", "grant", "refuse", "fixed", "close")


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the owner needs to decide on one page; `reasons` are codes of why a person decides.

    `extra_offer` is what the policy would give as an extra, `None` if it gives none; `code_state` is the state of
    the order's code, empty without one; `open_actions` are those of `ACTIONS` that make sense now.
    """

    visit: Visit
    number: str
    state: str
    severity: str
    source: str
    cause: str
    wish: str
    text: str
    fix: str
    extra: str
    reasons: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    order: Order
    total: Money
    orders_of_customer: int
    complaints_of_customer: int
    code_state: str
    extra_offer: str
    steps: tuple[Step, ...]
    open_actions: tuple[str, ...]


def page(services: Services, token: str) -> CaseView:
    """What the page shows; writes nothing."""
    raise NotImplementedError


def act(services: Services, token: str, form: Mapping[str, str]) -> CaseView:
    """Do `action` with `text` (answer, refuse), `fix` and `extra` (`yes` or empty, grant). `BadForm`, `Conflict`.

    `expected_state` is the state the owner saw: a stale form is `Conflict("case_moved")`.
    """
    raise NotImplementedError
