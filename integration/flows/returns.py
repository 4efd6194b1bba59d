"""Returns: the page with items and label, and "I am sending this back"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from integration.db.queries import labels as rows
from integration.db.queries import orders, shops
from integration.db.tables import LabelRow, ReturnRow
from integration.domain.errors import BadForm, NotFound, Permanent
from integration.domain.facts import Address, Item
from integration.domain.ids import new_id, spoken_number
from integration.flows import history, labels, mails
from integration.flows.known import label_offered
from integration.flows.services import Services
from integration.flows.shops import return_address
from integration.flows.visits import Visit, known_visit, shop_of, visit_of

REASONS = ("too_small", "too_big", "not_as_described", "damaged", "wrong_item", "changed_mind", "other")
RETURN_WISHES = ("refund", "exchange", "repair")
TEXT_MAX = 2000


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
    """The returns page; `label_offered` says whether a label can be had here."""

    visit: Visit
    items: tuple[Item, ...]
    return_address: Address
    label: LabelView | None
    announced: AnnouncedView | None
    label_offered: bool = True


def page(services: Services, token: str) -> ReturnView:
    """What the page shows; writes nothing."""
    with services.db.reading() as session:
        return _view(session, services, visit_of(session, services, "r", token))


def announce(services: Services, token: str, form: Mapping[str, str]) -> ReturnView:
    """Keep a return: fields `reason`, `wish`, `text`, and `item-<ref>` = quantity (0 or absent: not this one).

    `reason` may stay empty: nobody who withdraws has to say why (C8). `BadForm` names the field. Sent twice it is one
    return; sent again with other items it is changed.
    """
    now = services.clock()
    with services.db.writing_for(shop_of("r", token, services.clock())) as session:
        visit = known_visit(session, services, "r", token, now)
        order_row = orders.get(session, visit.shop_id, visit.order_id)
        chosen = _chosen(form, orders.facts(order_row).items)
        reason, wish = _choice(form, "reason", ("", *REASONS)), _choice(form, "wish", RETURN_WISHES)
        text = _text(form)
        row = rows.return_of_order(session, visit.shop_id, visit.order_id)
        new = row is None
        if row is None:
            row = ReturnRow(
                id=new_id("return", now), shop_id=visit.shop_id, order_id=visit.order_id,
                number=spoken_number("D"), created_at=now,
            )  # fmt: skip
            session.add(row)
        row.reason, row.wish, row.items = reason, wish, {"quantities": chosen}
        row.text = text
        session.flush()
        if new:
            _tell(session, services, row)
        shown = _view(session, services, visit)
    services.checkpoint("return_announced")
    services.wake()
    return shown


def _tell(session: Session, services: Services, row: ReturnRow) -> None:
    now = services.clock()
    shop = shops.shop(session, row.shop_id)
    history.note(session, shop.id, row.id, now, "shopper", "", "announced", row.reason)
    for kind in ("return_ack", "owner_return"):
        mails.queue(session, services, shop, kind, f"{kind}:{row.id}", now, order_id=row.order_id)


def _chosen(form: Mapping[str, str], items: tuple[Item, ...]) -> dict[str, int]:
    chosen = {}
    for item in items:
        text = form.get(f"item-{item.ref}", "0").strip() or "0"
        if not text.isascii() or not text.isdigit() or int(text) > item.quantity:
            raise BadForm("bad_quantity", field=f"item-{item.ref}", most=item.quantity)
        if int(text):
            chosen[item.ref] = int(text)
    if not chosen:
        raise BadForm("nothing_chosen", field="items")
    return chosen


def _choice(form: Mapping[str, str], field: str, known: tuple[str, ...]) -> str:
    value = form.get(field, "")
    if value not in known:
        raise BadForm("choice_missing", field=field)
    return value


def _text(form: Mapping[str, str]) -> str:
    text = form.get("text", "").strip()
    if len(text) > TEXT_MAX:
        raise BadForm("text_too_long", field="text", most=TEXT_MAX)
    return text


def label_pdf(services: Services, token: str) -> tuple[str, bytes]:
    """File name and PDF of the label of this returns link, made now if the policy says on request.

    `NotFound("no_label")` when the policy gives none, the shop has no return address, or none is left.
    """
    with services.db.writing_for(shop_of("r", token, services.clock())) as session:
        visit = known_visit(session, services, "r", token, services.clock())
        made = _newest(session, visit)
        if made is None and not label_offered(session, services, shops.shop(session, visit.shop_id)):
            raise NotFound("no_label")
        subject = made.subject if made else f"label:{orders.get(session, visit.shop_id, visit.order_id).ref}"
    try:
        row = labels.make(services, visit.shop_id, visit.order_id, subject)
    except Permanent as error:  # somebody else took the last one meanwhile
        raise NotFound("no_label") from error
    if row.pdf is None:
        raise NotFound("no_label")
    return f"{row.reference}.pdf", services.vault.open_bytes(row.pdf)


def _newest(session: Session, visit: Visit) -> LabelRow | None:
    made = [row for row in rows.of_order(session, visit.shop_id, visit.order_id) if row.state == "created"]
    return made[-1] if made else None


def _view(session: Session, services: Services, visit: Visit) -> ReturnView:
    order_row = orders.get(session, visit.shop_id, visit.order_id)
    shop = shops.shop(session, visit.shop_id)
    made, told = _newest(session, visit), rows.return_of_order(session, visit.shop_id, visit.order_id)
    return ReturnView(
        visit=visit,
        items=tuple(item for item in orders.facts(order_row).items if item.physical),
        return_address=return_address(services, shop),
        label=LabelView(made.reference, made.method, made.postage_paid) if made else None,
        announced=AnnouncedView(told.number, told.items["quantities"], told.reason, told.wish) if told else None,
        label_offered=made is not None or label_offered(session, services, shop),
    )
