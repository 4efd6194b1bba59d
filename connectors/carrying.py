"""The contract of a carrier; one is a folder that keeps it. What it may raise is that of a store, see `base`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from connectors.base import Credentials
from connectors.http import Http
from integration.domain.labels import Label, LabelRequest, ReturnMethod


@dataclass(frozen=True, slots=True)
class CarrierCapabilities:
    """Whether making a label costs money at once, and which ways of sending back it knows."""

    methods: tuple[ReturnMethod, ...]
    charges_at_creation: bool = False
    needs_stock: bool = False

    @property
    def postage_paid(self) -> bool:
        """Whether its labels are paid by the shop: what costs us, by label or by stock, costs the shopper nothing."""
        return self.charges_at_creation or self.needs_stock


class Carrier(ABC):
    """One carrier. `draw` makes our own slip's PDF; `stock` hands out PDFs the owner uploaded, each once."""

    name: ClassVar[str]
    capabilities: ClassVar[CarrierCapabilities]

    def __init__(self, credentials: Credentials, http: Http, draw: Callable[[LabelRequest], bytes]) -> None:
        self.credentials = credentials
        self.http = http
        self.draw = draw

    @abstractmethod
    def create_return(self, request: LabelRequest, stock: Iterator[bytes]) -> Label:
        """A label for this reference; asked twice with one reference it gives the same label.

        `Ambiguous` when it may have been made (a time-out behind the POST); `Permanent("no_labels_left")`
        when the stock is empty.
        """
