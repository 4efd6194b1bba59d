"""Return labels and slips: what they are made of and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from integration.domain.facts import Address, Item
from integration.domain.money import Money

ReturnMethod = Literal["pickup", "in_store", "drop_off_point", "drop_off_labelless"]


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What a return label is made of; `reference` is ours and the same on every try.

    `link` is the shopper's returns page; `words` are the slip's texts in her language, by name.
    """

    reference: str
    order_number: str
    shop_name: str
    return_address: Address
    sender: Address
    items: tuple[Item, ...]
    link: str
    locale: str
    words: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Label:
    """A label to hand out: the PDF, how it is sent back, and who pays the postage."""

    reference: str
    pdf: bytes
    method: ReturnMethod
    postage_paid: bool
    carrier_ref: str = ""
    tracking: str = ""
    expires_at: datetime | None = None
    cost: Money | None = None
