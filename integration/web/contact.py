"""The person behind the shop, as a card on every page: ways to reach her, nothing fetched from elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from flask import url_for

from integration.flows.visits import Visit
from integration.i18n import Words
from integration.settings import ContactPerson
from integration.web.assets import photo_file
from integration.web.visitor import services


@dataclass(frozen=True, slots=True)
class Card:
    """What the card shows; the URLs are empty where the owner named no such way."""

    person: ContactPerson
    photo: str
    hours: str
    phone: str
    whatsapp: str
    mail: str

    @property
    def reachable(self) -> bool:
        """Whether there is anything to show."""
        return any((self.person.name, self.phone, self.whatsapp, self.mail))


def card(words: Words, visit: Visit | None) -> Card:
    """The card for a visit; without one (a broken link) the messages name no order."""
    person = visit.contact if visit else services().settings.contact
    about = words("pages.contact.about", order=visit.order_number) if visit else ""
    digits = re.sub(r"\D", "", person.whatsapp).removeprefix("00")
    mail = person.mail or services().settings.shop.reply_to
    greeting = words("pages.contact.greeting", about=about) if about else ""
    return Card(
        person=person,
        photo=url_for("assets.contact_photo") if photo_file() else "",
        hours=words("pages.contact.hours", hours=words.hours(person.hours)) if person.hours else "",
        phone=f"tel:{re.sub(r'[^0-9+]', '', person.phone)}" if person.phone else "",
        whatsapp=f"https://wa.me/{digits}" + (f"?text={quote(greeting)}" if greeting else "") if digits else "",
        mail=f"mailto:{quote(mail, safe='@')}" + (f"?subject={quote(about)}" if about else "") if mail else "",
    )
