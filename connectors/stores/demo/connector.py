"""The demo store behind the contract of a store: to try the service, or to feed it from a script, with no shop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from connectors.base import Check, Delivery, Page, StoreConnector, StoreInfo, Subscription
from connectors.payload import Payload
from connectors.signing import signed
from connectors.stores.demo import codes, notes
from connectors.stores.demo.orders import address, parse_order
from integration.domain.errors import BadPayload, BadSignature, Permanent
from integration.domain.events import Event, OrderChanged, OrderRemoved, PersonErased
from integration.domain.facts import Order
from integration.domain.tasks import Discount, DiscountRequest

_TOPICS: dict[str, Callable[[Payload], Event]] = {
    "order.changed": lambda order: OrderChanged(parse_order(order)),
    "order.removed": lambda order: OrderRemoved(order.ref("id")),
    "order.erased": lambda order: PersonErased(order.ref("id")),
}


class Demo(StoreConnector):
    """`credentials["folder"]` holds `orders.json`, `discounts.json` and, if one likes, `shop.json`."""

    platform = "demo"
    credential_names = ("folder",)
    credentials_needed = (credential_names,)

    @classmethod
    def verify(cls, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
        """`X-Postventa-Signature` is base64 of HMAC-SHA256 over the body; `X-Postventa-Topic` names the topic."""
        if not signed(body, headers.get("x-postventa-signature", ""), secrets):
            raise BadSignature("bad_signature")
        topic = headers.get("x-postventa-topic", "").strip()[:200]
        key = hashlib.sha256(topic.encode("utf-8", "surrogatepass") + b"\n" + body).hexdigest()
        return Delivery(topic=topic, key=key)

    @classmethod
    def parse(cls, topic: str, body: bytes, received_at: datetime) -> list[Event]:  # noqa: ARG003 - the contract's
        """The order of `order.changed`, or the id of `order.removed` and `order.erased`."""
        reader = _TOPICS.get(topic)
        return [reader(Payload.of(body))] if reader else []

    @property
    def folder(self) -> Path:
        """Where the store is."""
        return Path(self.credentials.get("folder") or self.address)

    def fetch_order(self, ref: str) -> Order | None:
        """The order with this id in `orders.json`."""
        return next((parse_order(order) for order in self._listed() if order.ref("id") == ref), None)

    def _listed(self) -> Iterator[Payload]:
        return Payload({"orders": Payload.of(codes.read_file(self.folder / "orders.json")).value}).each("orders")

    def changed_orders(self, since: datetime, cursor: str = "") -> Page:  # noqa: ARG002 - there is one page
        """The orders of `orders.json` by `updated_at`; one that cannot be read holds up no other."""
        found: list[Order] = []
        unreadable: list[str] = []
        for told in self._listed():
            try:
                found.append(parse_order(told))
            except BadPayload as error:
                unreadable.append(str(error.params.get("path", ""))[:80])
        changed = sorted((order for order in found if order.updated_at >= since), key=lambda order: order.updated_at)
        return Page(tuple(changed), unreadable=tuple(unreadable))

    def subscriptions(self) -> tuple[Subscription, ...]:
        """None: a script sends, or nobody."""
        return ()

    def heal_subscriptions(self, url: str, secret: str) -> tuple[str, ...]:  # noqa: ARG002 - the contract's
        """Nothing to make."""
        return ()

    def note_on_order(self, ref: str, text: str, tag: str) -> str:
        """A line in `notes.json`."""
        there = any(order.ref("id") == ref for order in self._listed())
        return notes.leave(self.folder, ref, text, tag) if there else "no_order"

    def create_discount(self, request: DiscountRequest) -> Discount:
        """The code, bound to the e-mail; without one it is made for nobody."""
        if "@" not in request.email:
            raise Permanent("discount_not_bound")
        return codes.create(self.folder, request)

    def find_discount(self, code: str) -> Discount | None:
        """The code, in any case."""
        return codes.find(self.folder, code)

    def revoke_discount(self, discount_ref: str) -> None:
        """Take the code out."""
        codes.revoke(self.folder, discount_ref)

    def describe(self) -> StoreInfo:
        """What `shop.json` says; a shop in Madrid without one."""
        file = self.folder / "shop.json"
        told = Payload.of(codes.read_file(file)) if file.exists() else Payload({})
        return StoreInfo(
            name=told.text("name") or "Demo",
            currency=told.text("currency") or "EUR",
            zone=told.text("zone") or "Europe/Madrid",
            locale=told.text("locale") or "es",
            address=address(told.at("address")),
        )

    def check(self) -> list[Check]:
        """Whether the folder holds orders."""
        there = (self.folder / "orders.json").is_file()
        values = {"folder": str(self.folder), "problem": "" if there else "no_folder"}
        return [Check("store_folder", there, values)]

    def webhook_topics(self) -> tuple[str, ...]:
        """What a script may send."""
        return tuple(_TOPICS)
