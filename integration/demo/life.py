"""One order's life as a readable timeline, from history, follow-ups and mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import Session

from integration.db.queries import orders
from integration.db.queries import shops as rows
from integration.db.tables import OrderRow
from integration.flows import timelines
from integration.i18n import Words

if TYPE_CHECKING:
    from integration.demo.sides import Side
    from integration.demo.world import World

ZONE = ZoneInfo("Europe/Madrid")


@dataclass(frozen=True)
class Moment:
    """One line of the timeline; `mail` is the id of a mail that can be opened."""

    at: datetime
    text: str
    note: str = ""
    mail: str = ""


@dataclass(frozen=True)
class Life:
    """An order with everything that happened to it; `moving` says that more is under way right now."""

    shop: str
    platform: str
    number: str
    moments: tuple[Moment, ...]
    coming: tuple[Moment, ...]
    moving: bool


@dataclass(frozen=True)
class Line:
    """An order in the list; `place` is its shop's place in the demo."""

    place: int
    ref: str
    number: str
    shop: str
    delivered_at: datetime | None


def lines(world: World) -> list[Line]:
    """The newest orders of every shop."""
    with world.services.db.reading() as session:
        found = [line for place in range(len(world.sides)) for line in _of_shop(session, world, place)]
    return sorted(found, key=lambda line: line.delivered_at or datetime.max.replace(tzinfo=ZONE), reverse=True)


def _of_shop(session: Session, world: World, place: int) -> list[Line]:
    shop = rows.shop_by_name(session, world.sides[place].name)
    newest = orders.newest(session, shop.id, 12)
    return [Line(place, row.ref, row.number or row.ref, shop.name, row.delivered_at) for row in newest]


def of_order(world: World, side: Side, ref: str, words: Words) -> Life:
    """The life of one order; an order the inbox has not reached yet has an empty one that is moving."""
    with world.services.db.reading() as session:
        shop = rows.shop_by_name(session, side.name)
        row = orders.by_ref(session, shop.id, ref)
        if row is None:
            return Life(shop.name, side.platform, ref, (), (), moving=True)
        moments = tuple(one for one in (_told(past, words) for past in timelines.past(session, row)) if one.text)
        moving = not world.idle()
        return Life(shop.name, side.platform, row.number or ref, moments, _coming(session, row, words), moving)


def _told(moment: timelines.Moment, words: Words) -> Moment:
    if moment.mail:
        return Moment(moment.at, words(f"demo.mails.{moment.code}"), mail=moment.mail)
    key, note_key = f"demo.life.{moment.thing}.{moment.code}", f"demo.reasons.{moment.reason}"
    note = words(note_key) if moment.reason and words.has(note_key) else ""
    return Moment(moment.at, words(key) if words.has(key) else "", note)


def _coming(session: Session, row: OrderRow, words: Words) -> tuple[Moment, ...]:
    planned = [step for step in timelines.coming(session, row) if not step.skipped]
    return tuple(Moment(step.at, words(f"demo.mails.{step.kind}")) for step in planned)
