"""Tasks are rows that ask for one effect, in the imperative; sinks answer with what they made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from integration.domain.money import Money
from integration.domain.policy import ExtraKind

TaskKind = Literal[
    "SendMail",
    "CreateDiscount",
    "RevokeDiscount",
    "RunFollowUp",
    "FetchOrder",
    "AssumeDelivered",
    "CreateLabel",
    "NoteOrder",
    "ExportPerson",
    "ErasePerson",
    "EraseShop",
    "ProbeStore",
]
TaskState = Literal["ready", "leased", "done", "ambiguous", "dead"]


@dataclass(frozen=True, slots=True)
class DiscountRequest:
    """A single-use code to be made in the store, bound to one person.

    `value` is a percentage for `percent`, an amount in `currency` for `fixed`, ignored for
    `free_shipping`; `title` starts with `Postventa` so that the owner finds ours.
    """

    code: str
    title: str
    kind: ExtraKind
    value: Decimal
    currency: str
    email: str
    customer_ref: str
    starts_at: datetime
    expires_at: datetime
    min_subtotal: Money | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Discount:
    """A code as the store holds it; `ref` is the store's id, `bound` whether only this person can use it."""

    ref: str
    code: str
    bound: bool
    expires_at: datetime | None
    usage_limit: int | None
    used: int = 0
