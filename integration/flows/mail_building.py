"""Builds a mail from rows: whom it goes to, its words, headers and attachments."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr

from sqlmodel import Session

from emails.catalogue import KINDS
from emails.compose import compose
from emails.message import Attachment, Envelope, Mailbox, build_message
from integration.db.queries import complaints, labels, orders
from integration.db.tables import MailRow, OrderRow, Shop
from integration.domain.facts import Order
from integration.flows import linking
from integration.flows.known import language_of
from integration.flows.mail_filling import FILLERS, Filling
from integration.flows.services import Services
from integration.flows.shops import zone_of
from integration.i18n import Words


def message_of(
    session: Session,
    services: Services,
    shop: Shop,
    row: MailRow,
    order: OrderRow | None,
    now: datetime,
    mark: str = "",
) -> EmailMessage:
    """The mail as it goes out now; built from rows each time, the same Message-ID on every try.

    `order` is the one it is about, if any. `mark` stands before the subject of a mail that is only a trial.
    """
    kind = KINDS[row.kind]
    filling = _filling(session, services, shop, row, order, now)
    content = compose(FILLERS[row.kind](filling), filling.words)
    to, to_name = _recipient(services, row, filling.order)
    envelope = Envelope(
        message_id=row.message_id,
        sender=sender_of(services, shop.name),
        reply_to=parseaddr(services.settings.shop.reply_to)[1],
        to=to,
        to_name=to_name,
        subject=f"{mark} {content.subject}".lstrip(),
        text=content.text,
        html=content.html,
        language_tag=filling.words.tag,
        auto_submitted=kind.auto_submitted,
        date=now,
        feedback_id=f"{row.kind}:{shop.id}:postventa",
        unsubscribe_url=filling.links.get("u", "") if kind.unsubscribe_scope else "",
        attachments=_attachments(session, services, row) if kind.attaches_label else (),
    )
    return build_message(envelope)


def sender_of(services: Services, shop_name: str) -> Mailbox:
    """The From of every mail: the name given with the address, else the legal name, else the shop's."""
    name, address = parseaddr(services.settings.shop.from_)
    return Mailbox(name or services.settings.shop.legal_name or shop_name, address)


def _recipient(services: Services, row: MailRow, order: Order | None) -> tuple[str, str]:
    if KINDS[row.kind].category == "internal" or order is None:
        own = services.settings.shop
        return own.owner or parseaddr(own.reply_to)[1], ""
    return order.email, order.first_name


def _filling(
    session: Session, services: Services, shop: Shop, row: MailRow, order_row: OrderRow | None, now: datetime
) -> Filling:
    order = orders.facts(order_row) if order_row else None
    if order is None or KINDS[row.kind].category == "internal":
        words = Words(shop.locale, "", zone_of(shop))
    else:
        words = Words(language_of(order, shop), order.country, zone_of(shop))
    links = linking.order_links(session, services, shop.id, order_row.id, now) if order_row else {}
    case = complaints.get(session, shop.id, row.complaint_id) if row.complaint_id else None
    return Filling(session, services, shop, row, order_row, order, case, words, links, now)


def _attachments(session: Session, services: Services, row: MailRow) -> tuple[Attachment, ...]:
    label = labels.of_subject(session, row.shop_id, str(row.context.get("subject", "")))
    if label is None or label.pdf is None:
        return ()
    return (Attachment(f"{label.reference}.pdf", "application/pdf", services.vault.open_bytes(label.pdf)),)
