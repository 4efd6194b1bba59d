"""Every kind of mail and the rules it stands under (A1, A3): data, no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from emails.message import AutoSubmitted

Category = Literal["service", "survey", "marketing", "internal"]
Scope = Literal["", "survey", "marketing"]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of mail.

    `unsubscribe_scope` is what its one-click opt-out ends; `why` names the reason for receipt in the footer
    (`mail.why_you.<why>`); after `useless_after` from its queueing it is not worth sending any more. What is `bulk`
    leaves after deliveries, by the hundred, and waits when too many would leave at a time (A9).
    """

    name: str
    category: Category
    useless_after: timedelta
    why: str
    auto_submitted: AutoSubmitted = "auto-generated"
    unsubscribe_scope: Scope = ""
    attaches_label: bool = False
    carries_code: bool = False
    bulk: bool = False

    @property
    def needs_postal_address(self) -> bool:
        """Surveys and marketing say who writes, from where, and how to stop it (A3)."""
        return self.unsubscribe_scope != ""


def _table(*kinds: Kind) -> Mapping[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS = _table(
    Kind(name="label", category="service", useless_after=30 * DAY, why="order", attaches_label=True, bulk=True),
    Kind(name="survey", category="survey", useless_after=14 * DAY, why="survey", unsubscribe_scope="survey", bulk=True),
    Kind(
        name="survey_reminder",
        category="survey",
        useless_after=7 * DAY,
        why="survey",
        unsubscribe_scope="survey",
        bulk=True,
    ),
    Kind(
        name="complaint_ack", category="service", useless_after=5 * DAY, why="complaint", auto_submitted="auto-replied"
    ),
    Kind(name="decision", category="service", useless_after=14 * DAY, why="complaint"),
    Kind(name="discount_code", category="service", useless_after=30 * DAY, why="complaint", carries_code=True),
    Kind(name="answer", category="service", useless_after=14 * DAY, why="complaint", auto_submitted="no"),
    Kind(name="return_ack", category="service", useless_after=7 * DAY, why="return"),
    Kind(name="links", category="service", useless_after=DAY, why="asked"),
    Kind(name="owner_case", category="internal", useless_after=14 * DAY, why="owner"),
    Kind(name="owner_fix", category="internal", useless_after=14 * DAY, why="owner"),
    Kind(name="owner_return", category="internal", useless_after=14 * DAY, why="owner"),
    Kind(name="owner_notice", category="internal", useless_after=3 * DAY, why="owner"),
    Kind(name="owner_daily", category="internal", useless_after=DAY, why="owner"),
    Kind(name="test", category="internal", useless_after=HOUR, why="owner"),
)
