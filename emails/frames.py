"""What surrounds what a mail says: who writes, the person behind the shop, the lines of an order."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The person behind the shop; empty fields are not shown.

    `hours` is `09:00-18:00` (put into the reader's words) or the owner's own phrase (`de lunes a viernes`).
    `whatsapp_url` is a `https://wa.me/…` link with the order number in its text.
    """

    name: str = ""
    photo_url: str = ""
    hours: str = ""
    phone: str = ""
    whatsapp_url: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds every shopper mail; `first_name`, legal name and address may be empty."""

    shop_name: str
    order_number: str
    complaint_url: str
    preferences_url: str
    first_name: str = ""
    legal_name: str = ""
    address_lines: tuple[str, ...] = ()
    contact: Contact = field(default_factory=Contact)

    @property
    def sender_lines(self) -> tuple[str, ...]:
        """Who writes, by law: the legal name (else the shop's) and the postal address."""
        return (self.legal_name or self.shop_name, *self.address_lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFrame:
    """What surrounds a mail to the owner."""

    shop_name: str


@dataclass(frozen=True, slots=True)
class MailItem:
    """A line of an order or a return."""

    name: str
    quantity: int
