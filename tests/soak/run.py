"""One run: busy and stormy for a while with plugs pulled, then fair weather until all is at rest, then the promises."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from integration.db.tables import CodeRow, MailRow, Receipt
from integration.demo.sides import ShopifySide
from integration.flows import dispatch, reconcile
from integration.worker import ticks
from tests.emails.mail_server import MailDesk, mail_server
from tests.soak.installation import Installation
from tests.soak.people import PAUSE, WINDS, Crew, Ledger, Shoppers, Store, Weather
from tests.soak.promises import arrivals, broken

LIVES = (2.0, 5.0)  # seconds between a start and the next pulled plug
LEAST = 3  # plugs pulled, however slow the machine is
AFTERWARDS = tuple(timedelta(hours=hours) for hours in (0, 0.3, 1, 3, 7, 13, 19, 25, 31, 80, 100))


@dataclass(frozen=True, slots=True)
class Report:
    """What happened: counts, the seconds that each restart took, how long SIGTERM took, and what was broken."""

    seed: int
    arrived: int
    acknowledged: int
    unheard: int
    repeats: int
    answers: int
    kills: int
    recovery: tuple[float, ...]
    ended: float
    mails: dict[str, int]
    copies: int
    codes: int
    found_by_looking: int
    broken: tuple[str, ...]

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}",
            f"{self.arrived} orders arrived, {self.acknowledged} webhooks answered 200 ({self.repeats} repeats), "
            f"{self.unheard} never heard and {self.found_by_looking} changes found by looking",
            f"{self.kills} plugs pulled; ready again after {max(self.recovery):.1f} s at most, "
            f"{sorted(self.recovery)[len(self.recovery) // 2]:.1f} s in the middle; SIGTERM took {self.ended:.1f} s",
            f"{self.answers} surveys answered, {self.codes} codes, mails: "
            + ", ".join(f"{state} {n}" for state, n in sorted(self.mails.items())),
            f"{self.copies} mails arrived twice, which RFC 1047 allows",
        ]
        return "\n".join([*lines, *(f"BROKEN: {words}" for words in self.broken[:20]), f"{len(self.broken)} broken"])


def run(seconds: float, seed: int, database: str = "", pause: float = PAUSE) -> Report:
    """Soak for so long; everything random comes from the seed, except what the machine's own pace decides.

    `database` is the URL of an empty one; without it there is a file. `pause` as in `PAUSE`.
    """
    with tempfile.TemporaryDirectory() as folder, mail_server(MailDesk()) as desk:
        place = Installation(Path(folder), desk, database)
        try:
            return _soak(place, seconds, seed, pause)
        finally:
            place.close()


def _soak(place: Installation, seconds: float, seed: int, pause: float) -> Report:
    ledger, crew = Ledger(), Crew()
    dice = [random.Random(f"{seed}:{number}") for number in range(5)]
    weather = Weather(place, dice[0])
    recovery = [place.start()]
    for number, shop in enumerate(place.shops):
        crew.hire(Store(place, shop, ledger, dice[1 + number]), dice[1 + number], pause)
    crew.hire(Shoppers(place, ledger, dice[3]), dice[3], pause)
    crew.hire(weather, dice[0], WINDS)
    end = time.monotonic() + seconds
    while (time.monotonic() < end or len(recovery) < LEAST) and not crew.over.wait(dice[4].uniform(*LIVES)):
        place.kill()
        recovery.append(place.start())
    crew.wait()
    weather.clear()
    place.kill()
    recovery.append(place.start())
    ended = place.stop()
    found = _rest(place)
    return Report(
        seed, len(ledger.arrived), len(ledger.acknowledged), ledger.unheard, ledger.repeats, len(ledger.answered),
        len(recovery) - 1, tuple(recovery[1:]), ended, dict(Counter(mail.state for mail in place.rows(MailRow))),
        sum(n > 1 for n in arrivals(place).values()), len(place.rows(CodeRow)), found,
        tuple(broken(place, ledger)),
    )  # fmt: skip


def _rest(place: Installation) -> int:
    """Fair weather for four days; how many changes no webhook had told."""
    found = 0
    for shop in place.shops:
        if isinstance(shop.side, ShopifySide):  # days pass, but its bucket fills by the real clock
            shop.side.store.bucket.maximum = shop.side.store.bucket.available = 10**9
    for wait in AFTERWARDS:
        services = place.later(wait)
        dispatch.free_lapsed(services, ticks.dead_owner)
        for shop in place.shops:
            look = reconcile.look(services, shop.id, now_anyhow=True)
            found += look.found if look else 0
        ticks.until_idle(services, "rest:1")
        services.transport.close()
        services.db.close()
    assert "kept" not in {row.state for row in place.rows(Receipt)}
    return found
