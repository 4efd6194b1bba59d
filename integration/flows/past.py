"""A shop's past read beside the other work: wished for at the desk, a few pages at a time, paused and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlmodel import Session

from connectors.base import StoreConnector
from integration.db.care_tables import Cursor
from integration.db.queries import cursors, shops
from integration.domain.errors import SinkError
from integration.flows import apart, backfill, pauses, reconcile
from integration.flows.services import Services
from integration.flows.shops import connector_of

DAYS = 60
PAGES = 10  # of one turn: the tick has other shops to see to, and the store other callers
CLAIMED = timedelta(minutes=15)
AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Past:
    """How far it is: `state` is asked (work reads it), open (a command did, or does), paused or done.

    `done` is in percent, `seen` counts orders, `reason` is why the last turn ended early.
    """

    state: str
    done: int
    seen: int
    reason: str


def told(session: Session, shop_id: str, now: datetime) -> Past | None:
    """How far this shop's past is read; `None` when nobody asked for it."""
    row = cursors.find(session, shop_id, backfill.STREAM)
    return Past(row.state, int(backfill.progress(row, now).done * 100), row.seen, row.reason) if row else None


def ask(services: Services, shop_id: str) -> None:
    """Read the last 60 days from the next tick on; where it was paused it goes on, and once done it begins anew."""
    now = services.clock()
    with services.db.writing(shop_id) as session:
        row = backfill.begun(session, shop_id, now - timedelta(days=DAYS), now)
        row.state, row.due_at, row.reason = "asked", now, ""


def pause(services: Services, shop_id: str) -> None:
    """No further page is read; what is done stays done."""
    with services.db.writing(shop_id) as session:
        row = cursors.find(session, shop_id, backfill.STREAM)
        if row and row.state != "done":
            row.state = "paused"


def turn(services: Services) -> int:
    """Some pages of every shop whose past is asked for; how many."""
    with services.db.reading() as session:
        due = cursors.asked(session, backfill.STREAM, services.clock())
    return apart.each(services, due, lambda shop_id: _turn(services, shop_id))


def _turn(services: Services, shop_id: str) -> int:
    row = _claim(services, shop_id)
    if row is None:
        return 0
    with services.db.reading() as session:  # only now: a shop whose keys cannot be read has had its turn
        connector = connector_of(session, services, shops.shop(session, shop_id))
    read, problem, wait = 0, "", timedelta()
    try:
        for _ in islice(_while_asked(services, shop_id, row, connector), PAGES):
            read += 1
    except SinkError as error:
        problem, wait = error.code, getattr(error, "retry_after", None) or AGAIN
    with services.db.writing(shop_id) as session:
        row = cursors.get(session, shop_id, backfill.STREAM)
        row.reason, row.due_at = problem, services.clock() + wait
    return read


def _while_asked(services: Services, shop_id: str, row: Cursor, connector: StoreConnector) -> Iterator[Cursor]:
    for page in backfill.pages(services, shop_id, row, connector):
        yield page
        if page.state != "asked":
            return


def _claim(services: Services, shop_id: str) -> Cursor | None:
    """Nothing while the shop is paused or its keys are refused, or another worker is at it."""
    now = services.clock()
    with services.db.writing(shop_id) as session:
        row = cursors.get(session, shop_id, backfill.STREAM)
        if pauses.held_until(session, shop_id, reconcile.STREAM, now).until or not cursors.claim(
            session, row, now, now + CLAIMED
        ):
            return None
        return row
