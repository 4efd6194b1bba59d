"""One WooCommerce shop behind the contract of a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from connectors.base import Approval, Check, Credentials, Delivery, Page, StoreConnector, StoreInfo, Subscription
from connectors.http import Http
from connectors.observed import Observed
from connectors.payload import Payload
from connectors.stores.woocommerce import approval, changes, checks, hooks, live, notes, setup, webhook
from connectors.stores.woocommerce.client import BY_QUERY, Client, error_code, read, shop_url
from connectors.stores.woocommerce.discounts import (
    bindable_email,
    coupon_of,
    differences,
    discount_of,
    found_in,
    is_bound,
    is_ours,
)
from connectors.stores.woocommerce.orders import parse_order
from integration.domain.errors import Ambiguous, BadPayload, Permanent, SinkError
from integration.domain.events import Event
from integration.domain.facts import Order
from integration.domain.tasks import Discount, DiscountRequest

_TAKEN = "woocommerce_rest_coupon_code_already_exists"


class WooCommerce(StoreConnector):
    """REST v3 with a key pair; `address` is the shop's URL."""

    platform = "woocommerce"
    credential_names = ("consumer_key", "consumer_secret")
    credentials_needed = (credential_names,)
    lasting = (BY_QUERY,)

    def __init__(self, address: str, credentials: Credentials, http: Http, state: dict[str, str] | None = None) -> None:
        super().__init__(address, credentials, http, state)
        self._client = Client(address, credentials, http, self.state)

    @classmethod
    def verify(cls, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
        """See `webhook.verify`."""
        return webhook.verify(headers, body, secrets)

    @classmethod
    def parse(cls, topic: str, body: bytes, received_at: datetime) -> list[Event]:  # noqa: ARG003 - the contract's
        """See `webhook.parse`; the order's own times count, not the time of receipt."""
        return webhook.parse(topic, body)

    @classmethod
    def typed_address(cls, text: str) -> str:
        """See `client.shop_url`; empty where nothing was typed."""
        return shop_url(text)[:200] if text.strip() else ""

    @classmethod
    def approval_url(cls, address: str, state: str, callback_url: str, return_url: str) -> str:
        """See `approval.url`."""
        return approval.url(address, state, callback_url, return_url)

    @classmethod
    def read_approval(cls, body: bytes) -> Approval:
        """See `approval.read`."""
        return approval.read(body)

    def fetch_order(self, ref: str) -> Order | None:
        """The order by its id; one in the trash still comes, as `removed`."""
        response = self._client.call("GET", f"orders/{quote(ref, safe='')}")
        if response.status == 404 and error_code(response) == "woocommerce_rest_shop_order_invalid_id":
            return None
        return parse_order(read(response))

    def create_discount(self, request: DiscountRequest) -> Discount:
        """A coupon with all its limits, proven by the store's answer; the same code again finds it made."""
        if not bindable_email(request):
            raise Permanent("discount_not_bound")
        asked = coupon_of(request)
        try:
            made = self._client.post("coupons", asked)
        except Permanent as error:
            existing = self._find(request.code) if error.params.get("said") == _TAKEN else None
            if existing is None:
                raise
            return self._recognise(existing, asked)
        except (Ambiguous, BadPayload):
            # The answer is lost or unreadable, yet the coupon may be there.
            existing = self._find_quietly(request.code)
            if existing is None:
                raise
            return self._recognise(existing, asked)
        return self._prove(made, asked)

    def _prove(self, made: Payload, asked: Mapping[str, Any]) -> Discount:
        wrong = differences(made, asked)
        if wrong:
            self.revoke_discount(made.ref("id"))
            code = "discount_not_bound" if "email_restrictions" in wrong else "discount_differs"
            raise Permanent(code, fields=", ".join(wrong))
        return discount_of(made)

    def _recognise(self, existing: Payload, asked: Mapping[str, Any]) -> Discount:
        """A coupon that was there before: ours as asked, or ours for everybody because we died before deleting it."""
        if is_ours(existing, asked) and not is_bound(existing):
            return self._prove(existing, asked)
        wrong = differences(existing, asked)
        if wrong:
            raise Permanent("discount_differs", fields=", ".join(wrong))
        return discount_of(existing)

    def find_discount(self, code: str) -> Discount | None:
        """The coupon of this code, in any case."""
        found = self._find(code)
        return discount_of(found) if found else None

    def _find(self, code: str) -> Payload | None:
        return found_in(self._client.get("coupons", code=code.lower()), code)

    def _find_quietly(self, code: str) -> Payload | None:
        try:
            return self._find(code)
        except SinkError:
            return None

    def revoke_discount(self, discount_ref: str) -> None:
        """Delete the coupon; doing so twice does no harm, so a lost answer is only a reason to try again."""
        try:
            self._client.delete(f"coupons/{quote(discount_ref, safe='')}")
        except Ambiguous as error:
            raise error.as_temporary() from error

    def describe(self) -> StoreInfo:
        """See `setup.describe`."""
        return setup.describe(self._client)

    def greet(self) -> list[Check]:
        """See `checks.greet`."""
        return checks.greet(self._client)

    def check(self) -> list[Check]:
        """See `checks.look`."""
        return checks.look(self._client)

    def orders_by_status(self, since: datetime) -> Mapping[str, int]:
        """See `changes.counted`."""
        return changes.counted(self._client, since)

    def webhook_topics(self) -> tuple[str, ...]:
        """`order.updated` tells of every status, custom ones included."""
        return ("order.updated", "order.deleted", "order.restored")

    def changed_orders(self, since: datetime, cursor: str = "") -> Page:
        """See `changes.page`."""
        return changes.page(self._client, self._statuses, since, cursor)

    @cached_property
    def _statuses(self) -> str:
        return changes.statuses(self._client)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """See `hooks.listed`."""
        return hooks.listed(self._client)

    def heal_subscriptions(self, url: str, secret: str) -> tuple[str, ...]:
        """See `hooks.heal`."""
        return hooks.heal(self._client, url, secret, self.webhook_topics())

    def observe(self, since: datetime) -> Iterator[Observed]:  # noqa: ARG002 - the shop tells all of it at any time
        """See `live.observe`."""
        return live.observe(self._client)

    def forget_subscriptions(self, url: str) -> None:
        """See `hooks.forget`."""
        hooks.forget(self._client, url)

    def knock(self, url: str, secret: str) -> bool:
        """See `hooks.knock`."""
        return hooks.knock(self._client, url, secret)

    def note_on_order(self, ref: str, text: str, tag: str) -> str:  # noqa: ARG002 - orders have no tags here
        """See `notes.leave`."""
        return notes.leave(self._client, ref, text)
