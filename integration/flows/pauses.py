"""Streams that stand still because the other side refuses us: told once, tried again every quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from integration.db.queries import outbox as rows
from integration.db.queries import shops
from integration.db.tables import Pause
from integration.domain.errors import SinkError
from integration.domain.ids import new_id
from integration.flows import alerts
from integration.flows.services import Services

PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """Until when nothing of a stream is done for a shop, and why; `None` while it flows.

    `over`: it stood still, and what is tried now shows whether it flows again. `refused`: the other side is why.
    """

    until: datetime | None = None
    reason: str = ""
    over: bool = False
    refused: bool = False

    def passed(self) -> Standing:
        """As it is for what is done even so."""
        return Standing(over=self.over or self.refused)


FLOWS = Standing()


def standings(session: Session, shop_ids: Collection[str], now: datetime) -> Callable[[str, str], Standing]:
    """How the streams of these shops stand: of a shop, a stream. Asked once for all of them."""
    paused = set(shops.paused(session, shop_ids))
    pauses = {(pause.shop_id, pause.stream): pause for pause in rows.pauses_of(session, shop_ids)}

    def standing(shop_id: str, stream: str) -> Standing:
        pause = pauses.get((shop_id, stream))
        if shop_id in paused:
            return Standing(now + PAUSE, "shop_paused", refused=bool(pause))
        if pause and pause.until > now:
            return Standing(pause.until, pause.reason, refused=True)
        return Standing(over=True) if pause else FLOWS

    return standing


def held_until(session: Session, shop_id: str, stream: str, now: datetime) -> Standing:
    """How a stream of a shop stands."""
    return standings(session, [shop_id], now)(shop_id, stream)


def begin(
    session: Session,
    services: Services,
    shop_id: str,
    stream: str,
    error: SinkError,
    now: datetime,
    rest: timedelta = PAUSE,
) -> datetime:
    """Let the stream stand still and tell the owner, once; when it is tried again."""
    pause = rows.pause(session, shop_id, stream)
    if pause is None:
        pause = Pause(id=new_id("pause", now), shop_id=shop_id, stream=stream, reason=error.code, since=now, until=now)
        known = {other.reason for other in rows.pauses(session) if other.shop_id == shop_id}
        session.add(pause)
        if error.code not in known:  # one refusal may end several streams
            shop = shops.shop(session, shop_id)
            alerts.tell_owner(session, services, shop, error.code, now, **{**error.params, "stream": stream})
    pause.until, pause.reason = now + rest, error.code
    return pause.until


def end(session: Session, shop_id: str, stream: str) -> None:
    """It flows again."""
    pause = rows.pause(session, shop_id, stream)
    if pause is not None:
        session.delete(pause)
