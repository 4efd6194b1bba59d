"""Work on many shops, of which one in trouble holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from integration.db import readiness
from integration.db.outages import is_outage
from integration.domain.errors import PostventaError
from integration.flows.services import Services

log = logging.getLogger(__name__)


@dataclass
class Trouble:
    """What went wrong at some of many. `first` is the first outage: a shop's rows may be held while others' are not."""

    services: Services
    first: Exception | None = None

    @contextmanager
    def at(self, what: str) -> Iterator[None]:
        """What is raised is told in the log, and the rest goes on; it is raised if nothing at all could be kept."""
        try:
            yield
        except Exception as error:
            if is_outage(error):
                self.first = self.first or error
                readiness.refuse_all(self.services.db, error, self.services.clock())
            log.warning("%s: %s", what, error, exc_info=not isinstance(error, PostventaError))

    def end(self) -> None:
        """All had their turn: raise the first outage, so that nobody takes this for all there was."""
        if self.first:
            raise self.first


def each(services: Services, shop_ids: Iterable[str], act: Callable[[str], int]) -> int:
    """Act on each and add up what that gives; what one raises is told in the log. An outage is raised at the end."""
    total, trouble = 0, Trouble(services)
    for shop_id in shop_ids:
        with trouble.at(f"shop {shop_id}"):
            total += act(shop_id)
    trouble.end()
    return total
