"""What waits at the desk today: pressing cases, work that stopped, streams that stand still, shops not live."""

from __future__ import annotations

from dataclasses import dataclass

from integration.db.queries import lists
from integration.db.queries import shops as rows
from integration.flows import casework
from integration.flows.accounts import Person
from integration.flows.casework import CaseLine
from integration.flows.mail_health import mails_leave
from integration.flows.services import Services

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """A stream of a shop that stands still, and the code of why."""

    shop: str
    stream: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShopName:
    """A shop as it is picked from a list."""

    id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first of the cases that wait, how many there are, and what needs an owner."""

    cases: tuple[CaseLine, ...]
    all_cases: int
    stopped: int
    standing: tuple[Standing, ...]
    resting: tuple[ShopName, ...]
    kept_as_files: bool = False
    """Whether a shop is live whose mails are only written into files."""

    @property
    def nothing(self) -> bool:
        """Whether the desk is clear."""
        return not (self.cases or self.stopped or self.standing or self.resting or self.kept_as_files)


def waiting(services: Services, who: Person) -> Waiting:
    """What waits for this person."""
    cases, count = casework.pressing(services, who, SHOWN)
    shops = shops_of(services, who)
    names = {shop.id: shop.name for shop in shops}
    with services.db.reading() as session:
        standing = [Standing(names[one.shop_id], one.stream, one.reason) for one in lists.pauses(session, who.shops)]
        stopped = lists.stopped_count(session, who.shops)
    resting = tuple(shop for shop in shops if shop.state != "live")
    if not who.owns:
        return Waiting(cases, count, 0, tuple(standing), ())
    kept = len(resting) < len(shops) and not mails_leave(services)
    return Waiting(cases, count, stopped, tuple(standing), resting, kept)


def shops_of(services: Services, who: Person) -> tuple[ShopName, ...]:
    """Her shops, by name."""
    with services.db.reading() as session:
        every = rows.all_shops(session)
        return tuple(ShopName(shop.id, shop.name, shop.state) for shop in every if shop.id in who.shops)
