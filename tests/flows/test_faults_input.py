"""E11 i, j: poison from a store harms nobody and is shown; a stop in the middle of a mail takes seconds."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.signing import sign
from integration.cli.shops import toml
from integration.db.tables import MailRow, Receipt
from integration.flows import dispatch
from integration.worker import ticks
from integration.worker.embedded import Embedded
from tests.conftest import NewDatabase, StandingClock
from tests.emails.mail_server import MailDesk, mail_server
from tests.flows.house import House
from tests.flows.mail_ways import kinds
from tests.flows.owners_eyes import Eyes
from tests.flows.plugs import Plug, Serving
from tests.flows.stores import store

GRACE = 10.0  # seconds after SIGTERM
DEEP = 10_000
Spoil = Callable[[dict[str, Any]], bytes]


@pytest.fixture(params=["woocommerce", "shopify"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock, new_database: NewDatabase
) -> Iterator[House]:
    """Mia's shop on one platform."""
    made = House(tmp_path, clock, request.param, new_database(tmp_path))
    yield made
    made.close()


def told(shop: House) -> tuple[dict[str, str], dict[str, Any]]:
    """A webhook as it should be: its headers, and its body as values."""
    ref = shop.side.sell()
    if shop.connection.platform == "woocommerce":
        headers, body = shop.side.arrive(ref)
    else:
        headers, body = store(shop).signed_webhook("orders/updated", store(shop).add_order())
    return dict(headers), json.loads(body)


def post(shop: House, headers: dict[str, str], body: bytes) -> int:
    """The body under a signature that holds, so that it reaches the parser."""
    if shop.connection.platform == "woocommerce":
        return shop.post(headers | {"X-WC-Webhook-Signature": sign(body, shop.secret)}, body)
    signature = sign(body, store(shop).client_secret)
    number = f"poison-{len(body)}-{hash(body)}"
    return shop.post(headers | {"X-Shopify-Hmac-Sha256": signature, "X-Shopify-Webhook-Id": number}, body)


def with_values(**values: Any) -> Spoil:
    """Other values for some keys."""
    return lambda body: json.dumps(body | values).encode()


def with_first(text: str) -> Spoil:
    """Something before all other keys, as no library would write it."""
    return lambda body: json.dumps(body).replace("{", "{" + text, 1).encode()


def with_name(text: str) -> Spoil:
    """Another name than Sam's, as no library would write it."""
    return lambda body: json.dumps(body).replace("Sam", text).encode()


def negative(body: dict[str, Any]) -> bytes:
    """Everything costs less than nothing."""
    lines = [item | {"price": "-5.00", "total": "-50.00", "quantity": -1} for item in body["line_items"]]
    return json.dumps(body | {"total": "-108.00", "total_price": "-108.00", "line_items": lines}).encode()


DIGITS = "9" * 5000
POISON: dict[str, Spoil] = {
    "five megabytes": with_values(note="x" * 5_000_000),
    "depth": with_first(f'"deep": {"[" * DEEP}{"]" * DEEP},'),
    "NaN": with_values(total=float("nan"), total_price=float("nan")),
    "infinity": with_first('"total": 1e999, "total_price": 1e999,'),
    "lone surrogates": with_name("\\ud800\\udfff\\ud800"),
    "zero bytes": with_name("S\\u0000am"),
    "duplicate keys": lambda body: (json.dumps(body)[:-1] + ',"id": 1, "id": 2, "email": "eve@example.com"}').encode(),
    "__proto__": with_first('"__proto__": {"admin": true}, "constructor": {"prototype": {}},'),
    "negative prices": negative,
    "huge numbers": with_first(f'"total": {DIGITS}, "total_price": {DIGITS},'),
    "wrong kinds": lambda body: json.dumps({key: [] for key in body}).encode(),
    "another encoding": lambda body: json.dumps(body).encode("utf-16"),
}


@pytest.mark.parametrize("how", POISON)
def test_poison_is_refused_set_aside_or_read_and_the_next_webhook_is_acted_on(shop: House, how: str) -> None:
    eyes = Eyes(shop)
    headers, values = told(shop)
    status = post(shop, headers, POISON[how](values))
    assert status == (413 if how == "five megabytes" else 200)
    shop.run()
    shop.clock.advance(minutes=1)
    states = {receipt.state for receipt in shop.rows(Receipt)}
    assert states <= {"done", "ignored", "unreadable", "failed"}
    assert ("receipts" in eyes.wrong()) == bool(states & {"unreadable", "failed"})
    assert bool(eyes.notices()) == bool(states & {"unreadable", "failed"})
    assert not any(mail.message["To"].addresses[0].addr_spec == "eve@example.com" for mail in shop.mails())
    before = shop.kinds().count("label")
    shop.deliver(email="ana@ana.example")
    assert shop.kinds().count("label") == before + 1
    for page in (eyes.today(), eyes.stopped()):
        assert "Traceback" not in page


@pytest.mark.slow
def test_a_stop_in_the_middle_of_a_mail_takes_seconds_and_the_mail_leaves_once_more(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    with mail_server(MailDesk(DOT="hang")) as desk:
        house = Serving(tmp_path, "woocommerce", new_database(tmp_path), survey_delay="1d")
        smtp = {"transport": "smtp", "host": "127.0.0.1", "port": desk.port, "starttls": "off"}
        (tmp_path / "config.toml").write_text(toml(house.config(survey_delay="1d") | {"mail": smtp}), "utf-8")
        plug = Plug(house, "")
        plug.start()
        try:
            plug.post(house.path, *house.side.arrive(house.side.sell()))
            plug.wait(lambda: desk.mails, "no mail began")
            assert plug.process is not None
            plug.process.terminate()
            assert plug.process.wait(60) == 0  # 8 s of patience, and what a busy machine needs to end a process
            desk.faults.clear()
            dispatch.free_lapsed(house.services, ticks.dead_owner)
            house.later(timedelta())
            house.later(timedelta(minutes=12))
            assert kinds(desk) == ["label", "label"]
            assert [mail.state for mail in house.rows(MailRow)] == ["sent"]
            assert inspect.signature(Embedded.stop).parameters["patience"].default < GRACE
        finally:
            plug.stop()
            house.close()
