"""What each mail is filled with: values, never sentences (but for what a person wrote herself).

Moments are aware UTC datetimes, shown in the zone of the `Words` the mail is composed with; URLs are absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from emails.frames import Frame, MailItem, OwnerFrame
from integration.domain.facts import Confidence
from integration.domain.labels import ReturnMethod
from integration.domain.money import Money
from integration.domain.policy import Cause, ExtraKind, Fix, Wish

LabelStyle = Literal["attached", "link", "none"]
ReturnReason = Literal[
    "too_small", "too_big", "not_as_described", "damaged", "wrong_item", "changed_mind", "does_not_fit", "other"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMail:
    """After the delivery: the way back, should it be needed.

    `label_style`: `attached` to this mail, made by a click on `label_url`, or `none`. `carrier` is the name on
    the counter's sign, empty for our own slip. `deadline` only where one is known.
    """

    kind: ClassVar[str] = "label"
    frame: Frame
    items: tuple[MailItem, ...]
    return_url: str
    label_style: LabelStyle
    method: ReturnMethod
    postage_paid: bool
    return_address: tuple[str, ...]
    number: str = ""
    label_url: str = ""
    carrier: str = ""
    deadline: datetime | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyMail:
    """One question with five answers; the links are `survey_url?r=1` to `5`."""

    kind: ClassVar[str] = "survey"
    frame: Frame
    survey_url: str
    items: tuple[MailItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyReminderMail(SurveyMail):
    """The same question once more."""

    kind: ClassVar[str] = "survey_reminder"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAckMail:
    """Her complaint has arrived: number, what she told us, and by when she hears from us."""

    kind: ClassVar[str] = "complaint_ack"
    frame: Frame
    number: str
    cause: Cause
    text: str
    received_at: datetime
    promised_at: datetime
    tracking_url: str
    wish: Wish | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixPromise:
    """What will be done about a case; `fix=None` means nothing, and `note` says why.

    `note` is a person's own words; `refund` an amount where the fix is one; `return_url` where something has to
    come back first.
    """

    frame: Frame
    number: str
    fix: Fix | None
    refund: Money | None = None
    return_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMail(FixPromise):
    """What will be done, by when, and where to follow it."""

    kind: ClassVar[str] = "decision"
    tracking_url: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountCodeMail(FixPromise):
    """First what is being fixed, by when (`fix_due_at`), then the code: `percent` or `amount`, as `extra` says.

    `minimum` is the subtotal it needs; `bound_to` the only address that can use it.
    """

    kind: ClassVar[str] = "discount_code"
    code: str
    extra: ExtraKind
    expires_at: datetime
    bound_to: str
    shop_url: str
    fix_due_at: datetime | None = None
    percent: Decimal | None = None
    amount: Money | None = None
    minimum: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMail:
    """A person's own words; `author` signs them, else the contact does."""

    kind: ClassVar[str] = "answer"
    frame: Frame
    number: str
    text: str
    tracking_url: str
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAckMail:
    """Her return is noted, with day and hour: the receipt that the withdrawal function owes her."""

    kind: ClassVar[str] = "return_ack"
    frame: Frame
    number: str
    items: tuple[MailItem, ...]
    announced_at: datetime
    return_url: str
    return_address: tuple[str, ...]
    method: ReturnMethod
    postage_paid: bool
    reason: ReturnReason | None = None
    wish: Wish | None = None
    carrier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksMail:
    """The links of her order once more: somebody who gave its number and address asked for them."""

    kind: ClassVar[str] = "links"
    frame: Frame
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerCaseMail:
    """A complaint that a person has to decide; `reasons` are the rules' codes."""

    kind: ClassVar[str] = "owner_case"
    frame: OwnerFrame
    number: str
    order_number: str
    order_total: Money
    cause: Cause
    text: str
    promised_at: datetime
    case_url: str
    first_name: str = ""
    wish: Wish | None = None
    reasons: tuple[str, ...] = ()
    earlier_cases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFixMail:
    """Work that was promised to a shopper: what, for which order, by when."""

    kind: ClassVar[str] = "owner_fix"
    frame: OwnerFrame
    number: str
    order_number: str
    fix: Fix
    due_at: datetime
    case_url: str
    items: tuple[MailItem, ...] = ()
    ship_to: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerReturnMail:
    """A parcel will come back."""

    kind: ClassVar[str] = "owner_return"
    frame: OwnerFrame
    number: str
    order_number: str
    items: tuple[MailItem, ...]
    order_url: str
    reason: ReturnReason | None = None
    wish: Wish | None = None
    text: str = ""
    first_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerNoticeMail:
    """Something that needs the owner: an error or notice by its code, with the values of its sentence."""

    kind: ClassVar[str] = "owner_notice"
    frame: OwnerFrame
    code: str
    happened_at: datetime
    dashboard_url: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerDailyMail:
    """How the last 24 hours went, so that silence is never mistaken for health.

    `needs` is what waits for her: codes of `mail.daily`, and how many of each.
    """

    kind: ClassVar[str] = "owner_daily"
    frame: OwnerFrame
    day: datetime
    delivered: int
    mailed: int
    waiting: int
    desk_url: str
    needs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMail:
    """Shows that mails leave: when, and by which way."""

    __test__: ClassVar[bool] = False  # pytest takes every class named Test… for its own
    kind: ClassVar[str] = "test"
    frame: OwnerFrame
    sent_at: datetime
    way_out: str


MailContext = (
    LabelMail | SurveyMail | SurveyReminderMail | ComplaintAckMail | DecisionMail | DiscountCodeMail | AnswerMail
    | ReturnAckMail | LinksMail | OwnerCaseMail | OwnerFixMail | OwnerReturnMail | OwnerNoticeMail | OwnerDailyMail
    | TestMail
)  # fmt: skip
