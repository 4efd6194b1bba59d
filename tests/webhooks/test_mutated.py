"""D1: 10,000 mutated webhooks: every one is answered, none with 5xx, and none is left lying (item 11)."""

from __future__ import annotations

import errno
import random
import socket
from collections import Counter
from collections.abc import Callable

import pytest
import requests

from integration.cli.running import BODY_MOST
from integration.db.tables import Receipt
from integration.demo.serving import Serving
from tests.flows.conftest import MakeHouse
from tests.flows.house import House

HUNG_UP = (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN)

Request = tuple[str, str, dict[str, str], bytes]  # method, path, headers, body


def _drop_header(dice: random.Random, request: Request) -> Request:
    method, path, headers, body = request
    kept = {name: value for name, value in headers.items() if dice.random() > 0.3}
    return method, path, kept, body


def _garble_header(dice: random.Random, request: Request) -> Request:
    method, path, headers, body = request
    name = dice.choice(sorted(headers))
    odd = dice.choice(["", "é" * 40, "\x7f", "=" * 5000, "AAAA", "%00", "None", headers[name][::-1], headers[name] * 2])
    return method, path, {**headers, name: odd}, body


def _cut_body(dice: random.Random, request: Request) -> Request:
    method, path, headers, body = request
    return method, path, headers, body[: dice.randrange(len(body) + 1)]


def _flip_bytes(dice: random.Random, request: Request) -> Request:
    method, path, headers, body = request
    changed = bytearray(body or b"x")
    for _ in range(dice.randrange(1, 6)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return method, path, headers, bytes(changed)


def _other_body(dice: random.Random, request: Request) -> Request:
    method, path, headers, _ = request
    bodies = (b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 20_000, b'{"id":NaN}', b'{"id":1e999}', b"webhook_id=1",
              b'{"id":"\\ud800"}', b"\x00" * 300, b'{"a":1,"a":2}', b"9" * 5000)  # fmt: skip
    return method, path, headers, dice.choice(bodies)


def _other_type(dice: random.Random, request: Request) -> Request:
    method, path, headers, body = request
    kinds = ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "a/b; charset=é", "")
    return method, path, {**headers, "Content-Type": dice.choice(kinds)}, body


def _other_door(dice: random.Random, request: Request) -> Request:
    _, path, headers, body = request
    paths = (path + "x", path[:-3], "/webhooks/", "/webhooks/woocommerce/", path.replace("woo", "w%00o"), path + "/%ff")
    return dice.choice(["POST", "GET", "PUT", "DELETE", "PATCH"]), dice.choice(paths), headers, body


MUTATIONS: tuple[Callable[[random.Random, Request], Request], ...] = (
    _drop_header, _garble_header, _cut_body, _flip_bytes, _other_body, _other_type, _other_door,
)  # fmt: skip


def mutated(dice: random.Random, told: Request) -> Request:
    """One to three mutations of a request that was right."""
    for _ in range(dice.randrange(1, 4)):
        told = dice.choice(MUTATIONS)(dice, told)
    return told


def signed_again(house: House, request: Request) -> Request:
    """The mutated body with a signature that holds, so that it reaches the parser."""
    method, path, headers, body = request
    if house.connection.platform == "woocommerce":
        topic = headers.get("X-WC-Webhook-Topic", "order.updated")
        return method, path, house.side.store.hooks.headers(topic, body, house.secret, 1), body  # type: ignore[attr-defined]
    return request


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_ten_thousand_mutated_webhooks_meet_no_fault_of_ours(make_house: MakeHouse, platform: str) -> None:
    house = make_house(platform)
    dice = random.Random(7)
    headers, body = house.side.arrive(house.side.sell())
    answers: Counter[int] = Counter()
    for turn in range(5000):
        request = mutated(dice, ("POST", house.path, dict(headers), body))
        if turn % 3 == 0:
            request = signed_again(house, request)
        method, path, sent, content = request
        answer = house.client.open(path, method=method, headers=_sendable(sent), data=content)
        answers[answer.status_code] += 1
    assert not [status for status in answers if status >= 500], answers
    assert answers[401] > 500
    house.run()
    assert "kept" not in {receipt.state for receipt in house.rows(Receipt)}


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    """Headers as a client can put them on the wire: one line, Latin-1."""
    return {name: value.encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}


def test_three_hundred_raw_ones_over_a_socket(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    server = Serving(max_request_body_size=BODY_MOST, clear_untrusted_proxy_headers=True)
    server.start(house.app)
    dice = random.Random(7)
    headers, body = house.side.arrive(house.side.sell())
    try:
        statuses = Counter(_raw(server.port, dice, house.path, dict(headers), body) for _ in range(300))
        honest = requests.post(f"http://127.0.0.1:{server.port}{house.path}", body, headers=headers, timeout=5)
    finally:
        server.stop()
    assert not [status for status in statuses if status >= 500 and status != 501], statuses
    assert min(statuses[400], statuses[401]) > 0, statuses
    assert honest.status_code == 200


def _raw(port: int, dice: random.Random, path: str, headers: dict[str, str], body: bytes) -> int:
    """Send bytes that no library would; the status, 0 when the server just hung up."""
    method, path, headers, body = mutated(dice, ("POST", path, headers, body))
    length = dice.choice([str(len(body)), "-1", "x", "0", str(len(body) + 9), "99999999999", ""])
    lines = [f"{method} {path} HTTP/1.1", "Host: mia.example", f"Content-Length: {length}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        try:  # it may hang up at any byte: while we send, before our end, before its answer is read
            line.sendall("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)
            line.shutdown(socket.SHUT_WR)
            first = line.recv(64)
        except OSError as gone:
            if gone.errno not in HUNG_UP:
                raise
            return 0
    return int(first.split()[1]) if first.startswith(b"HTTP/") else 0
