"""Offers signed WooCommerce webhooks over kept connections from a second process; prints what came back as JSON."""

from __future__ import annotations

import base64
import hmac
import json
import random
import select
import socket
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles

import integration.demo.stores

BODY = 6000  # bytes, as a real order has
WARM = 0.2  # of the time, which is not counted
PATIENCE = 5.0  # seconds for what is still under way at the end
_ORDER = Path(integration.demo.stores.__file__).parent / "woocommerce_order.json"
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "X-WC-Webhook-Source: https://mia.example/\r\nX-WC-Webhook-Topic: order.updated\r\n"
    "X-WC-Webhook-Resource: order\r\nX-WC-Webhook-Event: updated\r\nX-WC-Webhook-ID: 7\r\n"
    "User-Agent: WooCommerce/10.5 Hookshot (WordPress/6.9)\r\nContent-Length: {length}\r\n"
    "X-WC-Webhook-Signature: "
)


@dataclass(frozen=True)
class Offer:
    """What to send: to `port` and `path`, over `connections`, for `seconds`, each signed with `secret`.

    `rate` is how many a second are offered, at random moments; with 0 the next one is, when one is answered.
    """

    port: int
    path: str
    secret: str
    seconds: float
    connections: int = 16
    rate: float = 0
    first: int = 1


@dataclass(frozen=True)
class Outcome:
    """Answers a second, milliseconds from the moment of the offer to the answer, and how many came of each status."""

    each_second: float
    p50: float
    p99: float
    statuses: dict[str, int] = field(default_factory=dict)


class Webhooks:
    """Orders of 6,000 bytes, each with a number of its own, as the bytes of a request."""

    def __init__(self, offer: Offer) -> None:
        moments = dict.fromkeys(("date_created_gmt", "date_modified_gmt"), "2026-11-21T12:00:00")
        order = json.loads(_ORDER.read_text("utf-8")) | moments | {"id": 1111111111, "note": ""}
        text = json.dumps(order)
        padded = text.replace('"note": ""', f'"note": "{"x" * (BODY - len(text))}"')
        self._before, self._behind = padded.encode().split(b"1111111111")
        self._head = _HEAD.format(path=offer.path, length=BODY).encode()
        self._secret = offer.secret.encode()
        self._number = offer.first

    def next(self) -> bytes:
        """The next request."""
        self._number += 1
        body = b"%s1%09d%s" % (self._before, self._number, self._behind)
        return b"%s%s\r\n\r\n%s" % (self._head, base64.b64encode(hmac.digest(self._secret, body, "sha256")), body)


class Clients:
    """The kept connections: `send` on a free one, `answers` tells what came back."""

    def __init__(self, offer: Offer) -> None:
        self._poll = select.epoll()
        self._sockets = {}
        self._since: dict[int, float] = {}
        for _ in range(offer.connections):
            line = socket.create_connection(("127.0.0.1", offer.port))
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[line.fileno()] = line
            self._poll.register(line.fileno(), select.EPOLLIN)
        self.free = deque(self._sockets)

    @property
    def busy(self) -> bool:
        """Whether an answer is outstanding."""
        return bool(self._since)

    def send(self, request: bytes, since: float) -> None:
        """Send on a free connection what was to be sent at `since`."""
        place = self.free.popleft()
        self._since[place] = since
        self._sockets[place].sendall(request)

    def answers(self, patience: float) -> list[tuple[float, str]]:
        """Since when each answered one was under way, and its status; waits for one at most `patience` seconds."""
        found = []
        for place, _ in self._poll.poll(patience):
            said = self._sockets[place].recv(65536)
            if not said:
                raise ConnectionError("the server hung up")
            self.free.append(place)
            found.append((self._since.pop(place), said[9:12].decode()))
        return found


def run(offer: Offer) -> Outcome:
    """Offer as asked. A connection has one request under way, so every answer's head is an answer."""
    clients, webhooks, statuses = Clients(offer), Webhooks(offer), Counter[str]()
    took: list[float] = []
    start = due = time.perf_counter()
    end, counted = start + offer.seconds, start + offer.seconds * WARM
    due += random.expovariate(offer.rate) if offer.rate else 0
    while (now := time.perf_counter()) < end or (clients.busy and now < end + PATIENCE):
        while clients.free and due <= now < end:
            clients.send(webhooks.next(), due if offer.rate else now)
            due += random.expovariate(offer.rate) if offer.rate else 0
        for since, status in clients.answers(min(0.05, max(0, due - now)) if clients.free else 0.05):
            statuses[status] += 1
            if since >= counted:
                took.append(1000 * (time.perf_counter() - since))
    hundredths = quantiles(took, n=100)
    return Outcome(len(took) / (end - counted), hundredths[49], hundredths[98], dict(statuses))


if __name__ == "__main__":
    print(json.dumps(asdict(run(Offer(**json.loads(sys.argv[1]))))))
