"""Return labels: reserved under our number, made by the carrier, kept, handed out again."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlmodel import Session

import connectors
from integration.db.queries import labels as rows
from integration.db.queries import orders, shops
from integration.db.tables import FollowUpRow, LabelRow, OrderRow, Shop, StockLabel
from integration.domain.errors import Conflict, Permanent
from integration.domain.ids import new_id, spoken_number
from integration.domain.labels import Label, LabelRequest
from integration.flows import alerts, history, linking
from integration.flows.known import language_of
from integration.flows.services import Services
from integration.flows.shops import policy_of, return_address
from integration.i18n import Words
from integration.labels import draw_slip
from integration.labels.words import slip_words
from integration.rules import after_delivery


def for_mail(services: Services, step: FollowUpRow) -> str:
    """Make the label a follow-up attaches, if making it costs nothing; empty, or why the mail goes without one.

    `Temporary`, `Refused` and `Ambiguous` of the carrier go up, so that the follow-up is tried again.
    """
    with services.db.reading() as session:
        shop = shops.shop(session, step.shop_id)
        _, policy = policy_of(session, services, shop)
    carrier = connectors.carrier(policy.carrier).capabilities
    if after_delivery.label_style(policy, carrier_charges=carrier.charges_at_creation) != "attach":
        return "link_only"
    if shop.state == "preview" and carrier.needs_stock:
        return "preview"  # a bought label is not used up by a mail that does not leave
    try:
        make(services, step.shop_id, step.order_id, step.key)
    except Permanent as error:
        with services.db.writing(step.shop_id) as session:
            alerts.tell_owner(session, services, shop, error.code, services.clock(), **error.params)
        return error.code
    return ""


def make(services: Services, shop_id: str, order_id: str, subject: str) -> LabelRow:
    """The label for a subject (`label:<order>`), made once and found again later."""
    with services.db.writing(shop_id) as session:
        row, request = _reserve(session, services, shop_id, order_id, subject)
        if row.state == "created":
            return row
        carrier_type = connectors.carrier(row.carrier)
        stock = _taken(session, row) if carrier_type.capabilities.needs_stock else []
    services.checkpoint("label_reserved")
    label = carrier_type({}, services.http, draw_slip).create_return(request, iter(stock))
    services.checkpoint("label_drawn")
    with services.db.writing(shop_id) as session:
        row = _keep(session, services, row.id, label)
    services.checkpoint("label_kept")
    return row


def _reserve(
    session: Session, services: Services, shop_id: str, order_id: str, subject: str
) -> tuple[LabelRow, LabelRequest]:
    now = services.clock()
    shop = shops.lock_shop(session, shop_id)
    order_row = orders.get(session, shop_id, order_id)
    row = rows.of_subject(session, shop_id, subject)
    if row is None:
        _, policy = policy_of(session, services, shop)
        row = LabelRow(
            id=new_id("label", now), shop_id=shop_id, order_id=order_id, subject=subject,
            reference=spoken_number("R", 8), carrier=policy.carrier, created_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        history.note(session, shop_id, row.id, now, "policy", "", "reserved", policy.carrier)
    return row, request_of(session, services, shop, order_row, row, now)


def request_of(
    session: Session, services: Services, shop: Shop, order_row: OrderRow, row: LabelRow, now: datetime
) -> LabelRequest:
    """What the carrier is told."""
    order = orders.facts(order_row)
    language = language_of(order, shop)
    return LabelRequest(
        reference=row.reference,
        order_number=order.number,
        shop_name=services.settings.shop.legal_name or shop.name,
        return_address=return_address(services, shop),
        sender=order.shipping if order.shipping.street else order.billing,
        items=tuple(item for item in order.items if item.physical),
        link=linking.give(session, services, shop.id, "r", order_row.id, now),
        locale=language,
        words=slip_words(Words(language, order.country)),
        created_at=row.created_at,
    )


def _taken(session: Session, row: LabelRow) -> list[bytes]:
    """The uploaded PDF for this label: the one taken before, else the next free one, taken in this transaction."""
    taken = rows.stock_of_label(session, row.id) or rows.next_stock(session, row.shop_id)
    if taken is None:
        return []
    taken.label_id = row.id
    return [taken.pdf]


def _keep(session: Session, services: Services, label_id: str, label: Label) -> LabelRow:
    now = services.clock()
    row = rows.get(session, label_id)
    if row.state != "created":
        row.state, row.method, row.postage_paid = "created", label.method, label.postage_paid
        row.pdf = services.vault.seal_bytes(label.pdf)  # a slip has the link to her returns page printed on it
        row.tracking, row.expires_at = label.tracking, label.expires_at
        history.note(session, row.shop_id, row.id, now, "carrier", "reserved", "created", label.method)
        _warn_low_stock(session, services, row, now)
    return row


def _warn_low_stock(session: Session, services: Services, row: LabelRow, now: datetime) -> None:
    if not connectors.carrier(row.carrier).capabilities.needs_stock:
        return
    left = rows.stock_left(session, row.shop_id)
    if left in (20, 10, 5, 3, 1, 0):
        alerts.tell_owner(session, services, shops.shop(session, row.shop_id), "labels_left", now, left=left)


def add_stock(session: Session, shop: Shop, pdf: bytes, name: str, now: datetime) -> None:
    """Keep one carrier-issued PDF; `Conflict("label_known")` names the file that was uploaded before."""
    if not pdf.startswith(b"%PDF"):
        raise Permanent("label_not_pdf", file=name)
    sha256 = hashlib.sha256(pdf).hexdigest()
    if rows.stock_known(session, shop.id, sha256):
        raise Conflict("label_known", file=name)
    session.add(StockLabel(id=new_id("stock", now), shop_id=shop.id, sha256=sha256, pdf=pdf, created_at=now))
