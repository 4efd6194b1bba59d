"""Who keeps a service busy: stores that sell and tell, shoppers who answer, and weather that spoils it."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlencode

from tests.soak.installation import Installation, Shop

Told = tuple[Mapping[str, str], bytes]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAUSE = 0.25  # seconds between two events of a store, more or less
WINDS = 0.7  # seconds that one weather lasts, more or less
FAIR = 0.4  # of the time
STORMS_AT_SEA: tuple[dict[str, str], ...] = (
    {"GREETING": "421 4.3.2 too busy"}, {"GREETING": "drop"}, {"EHLO": "drop"}, {"MAIL": "451 4.7.1 greylisted"},
    {"RCPT": "450 4.2.1 mailbox busy"}, {"RCPT": "drop"}, {"DATA": "drop"}, {"CONTENT": "drop"}, {"DOT": "drop"},
    {"DOT": "452 4.3.1 no room"}, {"DOT": "552 5.2.2 mailbox full"}, {"CONTENT": "hang"},
)  # fmt: skip
STORMS_ON_LAND = (
    "429",
    "500",
    "503",
    "401",
    "html",
    "rubbish",
    "empty",
    "cut json",
    "short",
    "html after",
    "hang up",
    "hang",
)


@dataclass
class Ledger:
    """What was promised: webhooks answered 200, orders that arrived, answers that were taken."""

    acknowledged: list[tuple[str, bytes]] = field(default_factory=list)
    arrived: list[tuple[Shop, str]] = field(default_factory=list)
    answered: dict[str, int] = field(default_factory=dict)
    unheard: int = 0
    repeats: int = 0


class Crew:
    """Threads that go on until `over`; the first one that fails ends all, and `wait` raises what it met."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def hire(self, act: Callable[[], None], dice: random.Random, pause: float) -> None:
        """Do it again and again, with pauses of half to one and a half times this long."""

        def work() -> None:
            try:
                while not self.over.wait(pause * dice.uniform(0.5, 1.5)):
                    act()
            except Exception as error:  # noqa: BLE001 - raised again by `wait`, in the main thread
                self.failures.append(error)
                self.over.set()

        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def wait(self) -> None:
        """Everybody goes home."""
        self.over.set()
        for thread in self._threads:
            thread.join(60)
        for error in self.failures:
            raise error


class Store:
    """Sells, sends, and tells us when a parcel arrives: twice at times, late at times, and at times in vain."""

    def __init__(self, place: Installation, shop: Shop, ledger: Ledger, dice: random.Random) -> None:
        self._place, self._shop, self._ledger, self._dice = place, shop, ledger, dice
        self._old: list[Told] = []
        self._sold = 0

    def __call__(self) -> None:
        """One parcel arrives; WooCommerce tells once, Shopify until it is heard; one in five is told again."""
        self._sold += 1
        name = f"{self._shop.side.platform}{self._sold}"
        ref = self._shop.side.sell(email=f"{name}@{name}.example")
        told = self._shop.side.arrive(ref)
        self._ledger.arrived.append((self._shop, ref))
        self._old.append(told)
        self._tell(told)
        if self._dice.random() < 0.2:
            self._ledger.repeats += 1
            self._tell(self._dice.choice(self._old))

    def _tell(self, told: Told) -> None:
        tries = 1 if self._shop.side.platform == "woocommerce" else 8
        for _ in range(tries):
            if self._place.request("POST", self._shop.path, *told) == 200:
                self._ledger.acknowledged.append((self._shop.id, told[1]))
                return
        self._ledger.unheard += 1


class Shoppers:
    """Read their mails, and answer surveys: most that something broke."""

    def __init__(self, place: Installation, ledger: Ledger, dice: random.Random) -> None:
        self._place, self._ledger, self._dice = place, ledger, dice
        self._read = 0

    def __call__(self) -> None:
        """Read what is new; who gets no answer to her form sends it once more."""
        new = self._place.desk.mails[self._read :]
        self._read += len(new)
        for mail in new:
            self._answer(message_from_bytes(mail.content, policy=default))

    def _answer(self, mail: EmailMessage) -> None:
        text = mail.get_body(("plain",))
        found = re.search(r"https://mia\.example(/s/[\w-]+)", str(text.get_content()) if text else "")
        if not found or self._dice.random() < 0.3:
            return
        cause = self._dice.choice(["damaged", "damaged", "late", ""])
        form = urlencode({"score": "2" if cause else "5", "cause": cause, "text": "Llegó así"}).encode()
        for _ in range(2):
            if self._place.request("POST", found[1], FORM, form) == 200:
                self._ledger.answered[found[1]] = 2 if cause else 5
                return


class Weather:
    """Changes at random what the mail server and the lines to the stores do to whoever calls."""

    def __init__(self, place: Installation, dice: random.Random) -> None:
        self._place, self._dice = place, dice

    def __call__(self) -> None:
        """Another weather; now and then, what waits to be tried again has waited long enough."""
        fair = self._dice.random() < FAIR
        self._place.desk.faults = {} if fair else dict(self._dice.choice(STORMS_AT_SEA))  # type: ignore[assignment]
        for shop in self._place.shops:
            shop.line.now = "" if self._dice.random() < FAIR else self._dice.choice(STORMS_ON_LAND)
        if fair:
            self._place.hurry()

    def clear(self) -> None:
        """The sun comes out, and whoever hung is let go."""
        self._place.desk.faults = {}
        for shop in self._place.shops:
            shop.line.now = ""
            shop.line.over.set()
