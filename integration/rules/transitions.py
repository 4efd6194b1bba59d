"""Which moves are legal, for everything that has states; one table each (C1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from integration.domain.errors import Conflict
from integration.domain.facts import ShipmentState

Kind = Literal["complaint", "code", "shipment", "followup", "mail", "task"]
Table = Mapping[str, frozenset[str]]


def _table(**moves: str) -> Table:
    return {old: frozenset(new.split()) for old, new in moves.items()}


_TABLES: Mapping[Kind, Table] = {
    "complaint": _table(
        received="acknowledged in_progress waiting_customer decided closed",
        acknowledged="in_progress waiting_customer decided closed",
        in_progress="waiting_customer decided closed",
        waiting_customer="in_progress decided closed",
        decided="in_progress waiting_customer closed",
        closed="in_progress",
    ),
    # What the store saw beats what we thought: a code used a minute before it expired is told to us after it did.
    # The order that used it may be cancelled: then it can be used again, unless its day is over.
    "code": _table(
        reserved="created revoked",
        created="mailed redeemed expired revoked",
        mailed="redeemed expired revoked",
        redeemed="mailed expired",
        expired="redeemed",
        revoked="redeemed",
    ),
    "shipment": _table(
        under_way="failed cancelled delivered returning",
        failed="under_way cancelled delivered returning",
        cancelled="delivered returning",
        delivered="returning",
        returning="",
    ),
    "followup": _table(planned="done skipped", done="", skipped=""),
    # A mail that came back because the world refuses our sender leaves again when that is mended (A7).
    "mail": _table(
        queued="sending skipped dead",
        sending="sent ambiguous queued dead skipped",
        ambiguous="queued sending sent dead",
        dead="queued skipped",
        sent="queued",
        skipped="",
    ),
    "task": _table(
        ready="leased",
        leased="done ready ambiguous dead",
        ambiguous="ready done dead",
        dead="ready",
        done="ready",
    ),
}

_CLASS: Mapping[ShipmentState, int] = {"under_way": 0, "failed": 0, "cancelled": 1, "delivered": 2, "returning": 3}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def allowed(kind: Kind, old: str, new: str) -> bool:
    """Whether this move is in the table; staying is not a move, and an unknown state moves nowhere."""
    return new in _TABLES[kind].get(old, frozenset())


def moved(kind: Kind, old: str, new: str) -> str:
    """The new state, or `Conflict("illegal_move")`: someone else was faster."""
    if not allowed(kind, old, new):
        raise Conflict("illegal_move", kind=kind, old=old, new=new)
    return new


def supersedes(old: ShipmentState, old_at: datetime, new: ShipmentState, new_at: datetime) -> bool:
    """Whether a parcel's news replaces the state and time that are known, in whatever order both are told (E8).

    Times are the events' own. A parcel that was delivered stays so, unless it goes back, since carriers repeat
    "in transit" behind the delivery; of two reports of one arrival the earlier holds. While it is under way the
    later event holds, so its time has to be kept with the state.
    """
    return _weight(new, new_at) > _weight(old, old_at)


def _weight(state: ShipmentState, at: datetime) -> tuple[int, timedelta, str]:
    since = at - _EPOCH
    return (_CLASS[state], -since if _CLASS[state] else since, state)
