"""The contract of a store, in neutral words; a platform is one folder that keeps it. That of a carrier: `carrying`.

A connector parses and calls; it never sleeps, retries, or decides. What it may raise is drawn in
`integration.domain.errors`: `Temporary(retry_after)`, `Refused`, `Permanent`, `Ambiguous`, `BadPayload`,
and `BadSignature` from `verify`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from connectors.http import Http
from connectors.observed import Observed
from integration.domain.errors import BadPayload, BadSignature
from integration.domain.events import Event, ShipmentChanged
from integration.domain.facts import Address, Order
from integration.domain.tasks import Discount, DiscountRequest

Credentials = Mapping[str, str]
ADVICE = "advice"
"""The `feature` of a check that tells what is good to know and stops nothing."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook whose signature held: what it is about and how it is told from its repeats.

    `key` names this delivery; a repeat with the same key within `window` (for ever when `None`) is the same
    delivery. `ping` is a platform's "are you there?": answered 200 and not kept. `shop_ref` is the shop the
    platform names (a Shopify domain), empty where the connection is the shop. `sent_at` is when the platform says
    that it happened, `None` if it does not; nobody signed that.
    """

    topic: str
    key: str
    window: timedelta | None = None
    ping: bool = False
    shop_ref: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at when a shop is connected: `code` for the catalogue, `ok`, and its values.

    `feature` names what alone suffers when it is not ok (`codes`, `notes`); empty where nothing works without it.
    A failed one may name its `problem`: an error's code, or one that the catalogue has words for beside the check's.
    """

    code: str
    ok: bool
    params: Mapping[str, str]
    feature: str = ""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What the store says of itself: ISO currency, IANA zone (empty if unknown), language, its address.

    `home` is what it takes for its own place, spelled as the `address` we connect it by; empty where it cannot differ.
    """

    name: str
    currency: str
    zone: str
    locale: str
    address: Address
    home: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Orders that changed, the oldest change first; `next_cursor` asks for the next page and is empty at the end.

    `erased` are ids of orders whose shopper the store erased; `unreadable` those in a shape that we cannot read.
    """

    orders: tuple[Order, ...]
    next_cursor: str = ""
    erased: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook that the store keeps: `url` is where it sends to, `active` whether it still does."""

    ref: str
    topic: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Approval:
    """What a store sends when its owner approved us: the one-time word that we gave, and the keys."""

    state: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this platform can do, so that the policy never asks for more."""

    discount_kinds: tuple[str, ...] = ("percent", "fixed", "free_shipping")
    binds_by: Literal["email", "customer"] = "email"
    lists_every_webhook: bool = True
    """Whether `subscriptions` shows all that send to us; Shopify hides those of the app's own configuration."""
    parcels_by_id: bool = False
    """Whether a parcel may change without its order, so that it has to be asked for by its id."""


class StoreConnector(ABC):
    """One platform, both directions. The class methods are pure and serve the inbox; an instance talks to one shop.

    `address` is the shop's URL (WooCommerce) or domain (Shopify). `credentials` holds what `shops add` was
    given, by the names in `credential_names`; `state` survives between instances of one process (a token).
    """

    platform: ClassVar[str]
    capabilities: ClassVar[Capabilities] = Capabilities()
    credential_names: ClassVar[tuple[str, ...]] = ()
    credentials_needed: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """The sets of credentials of which one has to be given whole; the first is the usual one."""
    names_shop: ClassVar[bool] = False
    """Whether one connection serves several shops and each delivery names its own (`Delivery.shop_ref`)."""
    lasting: ClassVar[tuple[str, ...]] = ()
    """Names in `state` that are kept with the credentials, since finding them out anew costs refused calls."""
    secret_from_credentials: ClassVar[str] = ""
    """The credential that signs webhooks, where the platform gives no secret of its own for them."""

    def __init__(
        self, address: str, credentials: Credentials, http: Http, state: dict[str, str] | None = None
    ) -> None:  # fmt: skip
        self.address = address
        self.credentials = credentials
        self.http = http
        self.state = {} if state is None else state

    # -- inbox: pure ------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def verify(cls, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
        """Check the raw body's signature in constant time; `headers` have lower-case names. `BadSignature`.

        `BadPayload("shop_mismatch")` when the signed body names another shop than the unsigned headers.
        """

    @classmethod
    @abstractmethod
    def parse(cls, topic: str, body: bytes, received_at: datetime) -> list[Event]:
        """Their body as our events; an unknown topic gives `[]`. `BadPayload` with the path that is wrong."""

    @classmethod
    def storefront(cls, query: str, secrets: Sequence[str], now: datetime) -> str:  # noqa: ARG003 - most have none
        """The address of the shop that passes on a visit to our page on its own domain; `BadSignature`."""
        raise BadSignature("bad_signature")

    # -- connecting: pure -------------------------------------------------------------------------

    @classmethod
    def typed_address(cls, text: str) -> str:
        """The shop's address in what a person types or copies; empty when there is none in it."""
        return text.strip().rstrip("/")

    @classmethod
    def permissions(cls, features: Collection[str]) -> tuple[str, ...]:
        """What the platform has to grant us for these features (`Check.feature`); empty where keys grant everything."""
        del features
        return ()

    # -- approval: pure ---------------------------------------------------------------------------

    @classmethod
    def approval_url(cls, address: str, state: str, callback_url: str, return_url: str) -> str:
        """Where the owner approves that her store sends us keys; empty where stores have no such page.

        The store POSTs them to `callback_url`, with `state`, and then sends her browser to `return_url`.
        """
        del address, state, callback_url, return_url
        return ""

    @classmethod
    def read_approval(cls, body: bytes) -> Approval:
        """What was POSTed to `callback_url`; nobody signed it. `BadPayload`."""
        del body
        raise BadPayload("bad_shape", path="$")

    # -- the shop: HTTP -----------------------------------------------------------------------------

    @abstractmethod
    def fetch_order(self, ref: str) -> Order | None:
        """The order as it is now, `None` when the store has no such order."""

    @abstractmethod
    def create_discount(self, request: DiscountRequest) -> Discount:
        """Make the code, or find it made before, and prove by what the store answers that it is as asked.

        `Permanent("discount_not_bound")` when the store cannot tie it to the person: the code is deleted
        first. `Permanent("discount_differs")` when it exists with other limits.
        """

    @abstractmethod
    def find_discount(self, code: str) -> Discount | None:
        """The code as the store holds it, any case."""

    @abstractmethod
    def revoke_discount(self, discount_ref: str) -> None:
        """Make the code unusable; already gone is success."""

    @abstractmethod
    def describe(self) -> StoreInfo:
        """Name, currency, zone, language and address of the shop."""

    @abstractmethod
    def check(self) -> list[Check]:
        """What must hold for us to work with this shop, each in the merchant's words by its code."""

    def greet(self) -> list[Check]:
        """What can be told of the shop before it gave us keys; a `name` in a check's values is the shop's own."""
        return []

    def orders_by_status(self, since: datetime) -> Mapping[str, int]:
        """How many orders placed since then are in each status of the store, unused ones at 0.

        Empty where no status says that an order was delivered, because parcels do.
        """
        del since
        return {}

    def knock(self, url: str, secret: str) -> bool:
        """Have the store send a ping to `url` now and forget it again; false where a store cannot be asked to."""
        del url, secret
        return False

    @abstractmethod
    def webhook_topics(self) -> tuple[str, ...]:
        """The topics this shop must send us."""

    def observe(self, since: datetime) -> Iterator[Observed]:
        """Look, changing nothing, at what the platform's documents leave open, by orders that changed since then."""
        del since
        return iter(())

    def app_file(self, public_url: str, webhook_url: str, features: Collection[str]) -> str:
        """The file that sets up our app at the platform; empty where there is no such app.

        `public_url` is ours, `webhook_url` where the platform sends to, empty while no shop is connected.
        """
        del public_url, webhook_url, features
        return ""

    # -- what webhooks missed -----------------------------------------------------------------------

    @abstractmethod
    def changed_orders(self, since: datetime, cursor: str = "") -> Page:
        """A page of the orders changed at `since` or later, in whole, removed ones too where the store shows them.

        `cursor` is the one of the page before, good for this run only. An order may come twice, none is left out.
        """

    def open_shipments(self, refs: Sequence[str]) -> Sequence[ShipmentChanged]:
        """Parcels by their ids as they are now; those that the store does not know are left out.

        Empty where the orders tell all there is to know of their parcels.
        """
        del refs
        return ()

    @abstractmethod
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The store's webhooks that send to anybody."""

    @abstractmethod
    def heal_subscriptions(self, url: str, secret: str) -> tuple[str, ...]:
        """Make what lacks or was switched off of `webhook_topics`, sending to `url`; the topics that were made.

        `secret` signs what they send, where the platform has none of its own. Those that a person paused stay paused.
        It may be asked again without harm: what is there is left alone.
        """

    def forget_subscriptions(self, url: str) -> None:
        """Delete what sends to `url`: a webhook acts for whoever made it, and she may have gone. By default nothing."""
        del url

    # -- what the owner sees in her store -------------------------------------------------------------

    @abstractmethod
    def note_on_order(self, ref: str, text: str, tag: str) -> str:
        """Leave a note that only the shop sees, and a tag where the store has tags; once, however often it is asked.

        Empty when it is there, else why the store takes none (`no_scope`, `no_order`).
        """
