"""People who buy from Mia's WooCommerce shop, each under names of her own, and the links that they hold."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

import time_machine
from click.testing import CliRunner

from integration.cli.commands import postventa
from integration.cli.shops import toml
from integration.db.queries import orders
from integration.db.tables import CodeRow, ComplaintRow, Task
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import dispatch, linking
from integration.links import Purpose
from tests.flows.house import House

GOODS = "108.00"  # what the goods of every order cost, in euros; ten per cent are 10.80


@dataclass(frozen=True)
class Order:
    """A delivered order: the store's id, ours, and the paths of its links."""

    ref: str
    id: str
    survey: str
    complaint: str


def store_of(house: House) -> WooCommerceStore:
    """The store server behind Mia's shop."""
    store: WooCommerceStore = house.side.store  # type: ignore[attr-defined]
    return store


def arrived(house: House, buyer: int | str, **order: Any) -> Order:
    """An order of somebody nobody knows yet has arrived and is taken in; a text is her mail address."""
    email = buyer if isinstance(buyer, str) else f"buyer{buyer}@example.com"
    billing = {"email": email, "phone": ""} | order.pop("billing", {})
    store = store_of(house)
    ref = store.add_order(status="delivered", billing=billing, **order)["id"]
    assert house.post(*store.signed_webhook(ref, "order.updated", house.secret)) == 200
    house.drain()
    return known(house, str(ref))


def known(house: House, ref: str) -> Order:
    """The order with the links that its mails carry."""
    with house.services.db.writing() as session:
        row = orders.by_ref(session, house.shop_id, ref)
        assert row is not None
        return Order(ref, row.id, link(house, session, "s", row.id), link(house, session, "c", row.id))


def link(house: House, session: Any, purpose: Purpose, subject: str) -> str:
    """The path of a link, as a mail would carry it."""
    url = linking.give(session, house.services, house.shop_id, purpose, subject, house.clock.now)
    return url.removeprefix("https://mia.example")


def complain(house: House, order: Order, cause: str = "damaged", **form: str) -> int:
    """She sends the complaint form; the status of the answer."""
    return house.app.test_client().post(order.complaint, data={"cause": cause, **form}).status_code


def answer(house: House, order: Order, score: int, cause: str = "", text: str = "") -> int:
    """She sends the survey; the status of the answer."""
    form = {"score": str(score), "cause": cause, "text": text}
    return house.app.test_client().post(order.survey, data=form).status_code


def act(house: House, kind: str) -> None:
    """Run the due tasks of one kind and no others."""
    for task in house.rows(Task):
        if task.kind == kind:
            dispatch.run(house.services, task.id, "test:1")


def case(house: House, order: Order) -> ComplaintRow:
    """The one complaint about this order."""
    [found] = [row for row in house.rows(ComplaintRow) if row.order_id == order.id]
    return found


def reserved(house: House) -> list[CodeRow]:
    """The codes that were given, whether the store has made them yet or not."""
    return [code for code in house.rows(CodeRow) if code.state != "revoked"]


def command(house: House, *words: str, **policy: Any) -> str:
    """A `postventa` command at the same installation, at the house's time; what it printed. Its errors are raised."""
    path = house.folder / "config.toml"
    path.write_text(toml(house.config(**policy)), "utf-8")
    assert tomllib.loads(path.read_text("utf-8"))["shop"]["owner"]
    with time_machine.travel(house.clock.now, tick=False):
        ended = CliRunner().invoke(postventa, [*words, "--config", str(path)], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output
