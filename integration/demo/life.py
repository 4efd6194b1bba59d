"""One order's life as a readable timeline, from history, follow-ups and mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import Session

from integration.db.queries import complaints, history, labels, mails, orders, outbox
from integration.db.queries import shops as rows
from integration.db.tables import HistoryRow, OrderRow
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
        past = [_told(line, words) for line in _history(session, row)] + _mails(session, row, words)
        moments = tuple(sorted((one for one in past if one.text), key=lambda one: one.at))
        moving = not world.idle()
        return Life(shop.name, side.platform, row.number or ref, moments, _coming(session, row, words), moving)


def _history(session: Session, row: OrderRow) -> list[HistoryRow]:
    subjects = [row.id, *(parcel.id for parcel in orders.shipments(session, row.id))]
    subjects += [case.id for case in complaints.of_order(session, row.shop_id, row.id)]
    subjects += [label.id for label in labels.of_order(session, row.shop_id, row.id)]
    for found in (
        complaints.code_of_order(session, row.shop_id, row.id),
        complaints.answer(session, row.shop_id, row.id),
        labels.return_of_order(session, row.shop_id, row.id),
    ):
        subjects += [found.id] if found else []
    return list(history.of_subjects(session, row.shop_id, subjects))


def _told(line: HistoryRow, words: Words) -> Moment:
    kind = line.subject.partition("_")[0]
    key = f"demo.life.{kind}.{line.to_state}"
    note_key = f"demo.reasons.{line.reason}"
    note = words(note_key) if line.reason and words.has(note_key) else ""
    return Moment(line.at, words(key) if words.has(key) else "", note)


def _mails(session: Session, row: OrderRow, words: Words) -> list[Moment]:
    return [
        Moment(mail.sent_at, words(f"demo.mails.{mail.kind}"), mail=mail.id)
        for mail in mails.of_order(session, row.shop_id, row.id)
        if mail.sent_at
    ]


def _coming(session: Session, row: OrderRow, words: Words) -> tuple[Moment, ...]:
    steps = outbox.followups(session, row.shop_id, row.id)
    planned = [step for step in steps if step.state == "planned"]
    return tuple(Moment(step.due_at, words(f"demo.mails.{step.kind}")) for step in planned)
