"""Work on many shops, of which one in trouble holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from integration.db.shared_commit import is_outage
from integration.domain.errors import PostventaError

log = logging.getLogger(__name__)


def each(shop_ids: Iterable[str], act: Callable[[str], int]) -> int:
    """Act on each and add up what that gives; what one raises is told in the log. The database's trouble is raised."""
    return sum(_tried(shop_id, act) for shop_id in shop_ids)


def _tried(shop_id: str, act: Callable[[str], int]) -> int:
    try:
        return act(shop_id)
    except Exception as error:
        if is_outage(error):
            raise
        log.warning("shop %s: %s", shop_id, error, exc_info=not isinstance(error, PostventaError))
    return 0
