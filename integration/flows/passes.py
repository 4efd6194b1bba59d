"""One pass over due tasks, in which a slow store or mail server of one shop holds up no other's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from integration.flows.claims import FRESH, Claimed


@dataclass
class Pass:
    """When it began, and whose tasks it has seen to; one that has become long has one more turn for each shop."""

    began: datetime
    served: set[str] = field(default_factory=set)

    def is_over_for(self, claimed: Claimed, now: datetime) -> bool:
        """Whether this one is left to the next pass, which asks again what is due, and whose."""
        return now - self.began > FRESH and claimed.task.shop_id in self.served
