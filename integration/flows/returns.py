"""Returns: the page with items and label, and "I am sending this back"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration.domain.facts import Address, Item
from integration.flows.services import Services
from integration.flows.visits import Visit

REASONS = ("damaged", "wrong_item", "not_as_described", "does_not_fit", "changed_mind", "other")
RETURN_WISHES = ("refund", "exchange", "repair")


@dataclass(frozen=True, slots=True)
class LabelView:
    """The label to download: its number, how it goes back, whether the postage is paid."""

    reference: str
    method: str
    postage_paid: bool


@dataclass(frozen=True, slots=True)
class AnnouncedView:
    """A return she announced: number, and the refs of the items with their quantities."""

    number: str
    items: dict[str, int]
    reason: str
    wish: str


@dataclass(frozen=True, slots=True)
class ReturnView:
    """The returns page; `on_request` says that there is no label yet and that one is made when she asks."""

    visit: Visit
    items: tuple[Item, ...]
    return_address: Address
    label: LabelView | None
    announced: AnnouncedView | None
    on_request: bool = False


def page(services: Services, token: str) -> ReturnView:
    """What the page shows; writes nothing."""
    raise NotImplementedError


def announce(services: Services, token: str, form: Mapping[str, str], locale: str) -> ReturnView:
    """Keep a return: fields `reason`, `wish`, `text`, and `item-<ref>` = quantity (0 or absent: not this one). `BadForm`."""
    raise NotImplementedError


def label_pdf(services: Services, token: str) -> tuple[str, bytes]:
    """File name and PDF of the label of this returns link, made now if the policy says on request. `NotFound`."""
    raise NotImplementedError
