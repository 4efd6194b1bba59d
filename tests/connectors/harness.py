"""What a platform brings to the store contract suite: a store, a connector to it, and eyes on what it holds.

A platform's file is `tests/connectors/harness_<platform>.py` with `HARNESS = <its StoreHarness>`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from connectors.base import StoreConnector
from connectors.http import Http
from integration.domain.tasks import DiscountRequest


@dataclass(frozen=True)
class StoredCode:
    """A code as the store itself holds it, read from the store's own data and never through the connector.

    `value` is the percentage or amount (0 for free shipping); `bound_to` is the one e-mail (lower case) or
    customer id that may use it, empty when anybody may.
    """

    code: str
    kind: str
    value: Decimal
    bound_to: str
    expires_at: datetime | None
    usage_limit: int | None
    min_subtotal: Decimal | None = None


class StoreHarness(ABC):
    """One store for one test; `folder` is the test's own."""

    over_http: ClassVar[bool] = True
    """Whether the connector calls `base` over HTTP, so that faults can be put in between."""
    unknown_topic: ClassVar[str] = "moon.landed"
    has_webhooks: ClassVar[bool] = True
    """Whether the store keeps webhooks that can be listed and made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def start(self) -> str:
        """Start the store; its URL (any text without HTTP)."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the store and leave nothing running."""

    @abstractmethod
    def connector(self, http: Http, base: str) -> StoreConnector:
        """A new connector with good credentials; `base` is the store's URL, or that of a fault in front of it."""

    @abstractmethod
    def add_order(self) -> str:
        """A paid order of Sam (sam@example.com) with one thing in it; its ref."""

    @abstractmethod
    def webhook(self, ref: str, secret: str) -> tuple[dict[str, str], bytes]:
        """The platform's "this order changed" signed with the secret; header names in lower case."""

    @abstractmethod
    def discount(self) -> DiscountRequest:
        """A request for 10 % with a minimum subtotal that this store can bind to Sam."""

    @abstractmethod
    def unbindable(self) -> DiscountRequest:
        """A request whose person this store cannot bind."""

    @abstractmethod
    def codes(self) -> list[StoredCode]:
        """All codes in the store now."""

    @abstractmethod
    def change(self, ref: str, at: datetime) -> None:
        """The order changed last at this moment, whatever it was that changed."""

    @abstractmethod
    def notes(self, ref: str) -> list[str]:
        """The notes on an order, oldest first."""

    def hooks(self) -> list[tuple[str, str]]:
        """Topic, as the connector spells it, and address of every webhook that still sends."""
        return []

    def break_hook(self, topic: str) -> None:
        """The store gives up sending this topic, as it does when we fail too often."""
        raise NotImplementedError
