"""What stands around every mail to a shopper: the shop, its postal address, the person to ask, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from emails.frames import Contact, Frame
from integration.db.tables import Shop
from integration.domain.facts import Order
from integration.flows.services import Services
from integration.i18n import Words
from integration.links import Purpose


def frame_of(services: Services, shop: Shop, order: Order, words: Words, links: Mapping[Purpose, str]) -> Frame:
    """The frame of a mail about an order; `links` are the shopper's pages as URLs."""
    own = services.settings.shop
    return Frame(
        shop_name=shop.name,
        order_number=order.number,
        complaint_url=links["c"],
        preferences_url=links["u"],
        first_name=order.first_name,
        legal_name=own.legal_name or shop.name,
        address_lines=_address_lines(own.address, words),
        contact=_contact(services, words, order.number),
    )


def _address_lines(address: str, words: Words) -> tuple[str, ...]:
    """`Calle Mayor 1, 28013 Madrid, ES` line by line, the country by its name."""
    *lines, last = (part.strip() for part in address.replace("\n", ",").strip(" ,").split(","))
    shown = (*lines, words.country_name(last) if lines and len(last) == 2 else last)
    return tuple(line for line in shown if line)


def _contact(services: Services, words: Words, order_number: str) -> Contact:
    """The person of `[contact]`, with a WhatsApp link that already names the order."""
    person = services.settings.contact
    digits = "".join(sign for sign in person.whatsapp if sign.isdigit())
    photo = f"{services.settings.server.public_url.rstrip('/')}/assets/contact-photo" if person.photo else ""
    greeting = quote(words("mail.contact.whatsapp_text", number=order_number))
    return Contact(
        name=person.name, photo_url=photo, hours=person.hours, phone=person.phone, mail=person.mail,
        whatsapp_url=f"https://wa.me/{digits}?text={greeting}" if digits else "",
    )  # fmt: skip
