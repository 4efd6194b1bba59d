"""What each kind of mail is filled with, from the rows it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast

from sqlmodel import Session

import connectors
from emails import contexts as mail
from emails.frames import Frame, MailItem, OwnerFrame
from integration.db.queries import complaints, labels, orders
from integration.db.tables import CodeRow, ComplaintRow, LabelRow, MailRow, OrderRow, Shop
from integration.domain.errors import NotFound
from integration.domain.facts import Confidence, Item, Order
from integration.domain.money import Money
from integration.domain.policy import Cause, ExtraKind, Fix, Wish
from integration.flows import linking
from integration.flows.known import earlier_cases, label_offered
from integration.flows.mail_frames import frame_of
from integration.flows.services import Services
from integration.flows.shops import policy_of, return_address
from integration.i18n import Words
from integration.links import Purpose


@dataclass(frozen=True)
class Filling:
    """The rows a mail is about, loaded once; `links` are the shopper's pages as URLs."""

    session: Session
    services: Services
    shop: Shop
    row: MailRow
    order_row: OrderRow | None
    order: Order | None
    case: ComplaintRow | None
    words: Words
    links: Mapping[Purpose, str]
    now: datetime


def _order(filling: Filling) -> Order:
    if filling.order is None:
        raise NotFound("no_order", order=filling.row.key)
    return filling.order


def _case(filling: Filling) -> ComplaintRow:
    if filling.case is None:
        raise NotFound("no_complaint", complaint=filling.row.key)
    return filling.case


def _frame(filling: Filling) -> Frame:
    return frame_of(filling.services, filling.shop, _order(filling), filling.words, filling.links)


def _owner_frame(filling: Filling) -> OwnerFrame:
    return OwnerFrame(shop_name=filling.shop.name)


def _items(items: tuple[Item, ...], quantities: Mapping[str, int] | None = None) -> tuple[MailItem, ...]:
    if quantities is None:
        return tuple(MailItem(item.name, item.quantity) for item in items)
    return tuple(MailItem(item.name, quantities[item.ref]) for item in items if item.ref in quantities)


def _label_row(filling: Filling) -> LabelRow | None:
    made = labels.of_subject(filling.session, filling.shop.id, str(filling.row.context.get("subject", "")))
    return made if made is not None and made.pdf is not None else None


_COUNTER_NAMES: dict[str, str] = {"demo": "Demo"}
"""What stands on the counter's sign, per carrier folder; our own slip and bought labels have none."""


def _way_back(filling: Filling) -> dict[str, Any]:
    """How parcels of this shop go back: method, whether postage is paid, whereto, with which carrier."""
    _, policy = policy_of(filling.session, filling.services, filling.shop)
    made = labels.of_order(filling.session, filling.shop.id, filling.order_row.id) if filling.order_row else ()
    newest = next((label for label in reversed(made) if label.state == "created"), None)
    to_come = connectors.carrier(policy.carrier).capabilities
    return {
        "method": newest.method if newest else to_come.methods[0],
        "postage_paid": newest.postage_paid if newest else to_come.postage_paid,
        "return_address": filling.words.envelope(
            return_address(filling.services, filling.shop), _order(filling).country
        ),
        "carrier": _COUNTER_NAMES.get(policy.carrier, ""),
    }


def _label(filling: Filling) -> mail.LabelMail:
    made = _label_row(filling)
    return mail.LabelMail(
        frame=_frame(filling),
        items=_items(_order(filling).items),
        return_url=filling.links["r"],
        label_style="attached" if made else _style_of_none(filling),
        label_url=f"{filling.links['r']}/label.pdf",
        number=made.reference if made else "",
        deadline=made.expires_at if made else None,
        confidence=_confidence(filling),
        **_way_back(filling),
    )


def _style_of_none(filling: Filling) -> Literal["link", "none"]:
    return "link" if label_offered(filling.session, filling.services, filling.shop) else "none"


def _confidence(filling: Filling) -> Confidence | None:
    parcels = orders.shipments(filling.session, filling.order_row.id) if filling.order_row else ()
    arrived = [orders.as_shipment(parcel) for parcel in parcels if parcel.state == "delivered"]
    return arrived[0].confidence if arrived else None


def _survey_url(filling: Filling) -> str:
    _, policy = policy_of(filling.session, filling.services, filling.shop)
    order_id = filling.order_row.id if filling.order_row else ""
    expires = filling.now + policy.survey_expires
    return linking.give(filling.session, filling.services, filling.shop.id, "s", order_id, filling.now, expires)


def _survey(filling: Filling) -> mail.SurveyMail:
    return mail.SurveyMail(frame=_frame(filling), survey_url=_survey_url(filling), items=_items(_order(filling).items))


def _survey_reminder(filling: Filling) -> mail.SurveyReminderMail:
    return mail.SurveyReminderMail(
        frame=_frame(filling), survey_url=_survey_url(filling), items=_items(_order(filling).items)
    )


def _complaint_ack(filling: Filling) -> mail.ComplaintAckMail:
    case = _case(filling)
    return mail.ComplaintAckMail(
        frame=_frame(filling), number=case.number, cause=cast("Cause", case.cause), text=case.text,
        wish=cast("Wish | None", case.wish or None), received_at=case.opened_at, promised_at=case.due_at,
        tracking_url=filling.links["c"],
    )  # fmt: skip


def _decision(filling: Filling) -> mail.DecisionMail:
    case = _case(filling)
    return mail.DecisionMail(
        frame=_frame(filling), number=case.number, fix=cast("Fix | None", case.fix or None),
        due_at=None if case.fixed_at else case.due_at, tracking_url=filling.links["c"],
        return_url=filling.links["r"] if case.fix in ("return_label", "exchange") else "",
    )  # fmt: skip


def _discount_code(filling: Filling) -> mail.DiscountCodeMail:
    case, order = _case(filling), _order(filling)
    code = complaints.code(filling.session, filling.shop.id, filling.row.context["code_id"])
    return mail.DiscountCodeMail(
        frame=_frame(filling), number=case.number, fix=cast("Fix | None", case.fix or None),
        fix_due_at=None if case.fixed_at else case.due_at, code=code.code, extra=cast("ExtraKind", code.kind),
        expires_at=code.expires_at, bound_to=order.email, shop_url=shop_url(filling.shop),
        return_url=filling.links["r"] if case.fix in ("return_label", "exchange") else "",
        **_worth(code),
    )  # fmt: skip


def _worth(code: CodeRow) -> dict[str, Any]:
    value, minimum = Decimal(code.value), code.min_subtotal_minor
    return {
        "percent": value if code.kind == "percent" else None,
        "amount": Money.of(value, code.currency) if code.kind == "fixed" else None,
        "minimum": Money.of_minor(minimum, code.currency) if minimum is not None else None,
    }


def shop_url(shop: Shop) -> str:
    """Where the shopper buys: the shop's own address."""
    return shop.address if "://" in shop.address else f"https://{shop.address}"


def _answer(filling: Filling) -> mail.AnswerMail:
    case = _case(filling)
    return mail.AnswerMail(
        frame=_frame(filling), number=case.number, text=filling.row.context["text"], tracking_url=filling.links["c"],
        author=filling.services.settings.contact.name,
    )  # fmt: skip


def _announced(filling: Filling) -> dict[str, Any]:
    row = labels.return_of_order(filling.session, filling.shop.id, filling.order_row.id) if filling.order_row else None
    if row is None:
        raise NotFound("no_return", key=filling.row.key)
    items = _items(_order(filling).items, row.items["quantities"])
    return {"number": row.number, "items": items, "reason": row.reason or None, "wish": row.wish or None}


def _return_ack(filling: Filling) -> mail.ReturnAckMail:
    return mail.ReturnAckMail(
        frame=_frame(filling), announced_at=filling.row.created_at, return_url=filling.links["r"],
        **_announced(filling), **_way_back(filling),
    )  # fmt: skip


def _links(filling: Filling) -> mail.LinksMail:
    return mail.LinksMail(frame=_frame(filling), return_url=filling.links["r"])


def _owner_return(filling: Filling) -> mail.OwnerReturnMail:
    order = _order(filling)
    return mail.OwnerReturnMail(
        frame=_owner_frame(filling), order_number=order.number, first_name=order.first_name,
        order_url=filling.links["r"], **_announced(filling),
    )  # fmt: skip


def _case_url(filling: Filling) -> str:
    return linking.give(filling.session, filling.services, filling.shop.id, "o", _case(filling).id, filling.now)


def _owner_case(filling: Filling) -> mail.OwnerCaseMail:
    case, order = _case(filling), _order(filling)
    return mail.OwnerCaseMail(
        frame=_owner_frame(filling), number=case.number, order_number=order.number, order_total=order.total,
        cause=cast("Cause", case.cause), text=case.text, promised_at=case.due_at, case_url=_case_url(filling),
        first_name=order.first_name, wish=cast("Wish | None", case.wish or None),
        reasons=tuple(case.reasons.split()),
        earlier_cases=earlier_cases(filling.session, filling.order_row, case),
    )  # fmt: skip


def _owner_fix(filling: Filling) -> mail.OwnerFixMail:
    case, order = _case(filling), _order(filling)
    return mail.OwnerFixMail(
        frame=_owner_frame(filling), number=case.number, order_number=order.number, fix=cast("Fix", case.fix),
        due_at=case.due_at, case_url=_case_url(filling), items=_items(order.items), text=case.text,
        ship_to=filling.words.envelope(order.shipping, return_address(filling.services, filling.shop).country),
    )  # fmt: skip


def _owner_notice(filling: Filling) -> mail.OwnerNoticeMail:
    context = filling.row.context
    return mail.OwnerNoticeMail(
        frame=_owner_frame(filling), code=context["code"], params=context["params"],
        happened_at=filling.row.created_at, dashboard_url=linking.desk_url(filling.services),
    )  # fmt: skip


def _owner_daily(filling: Filling) -> mail.OwnerDailyMail:
    told = filling.row.context
    return mail.OwnerDailyMail(
        frame=_owner_frame(filling), day=filling.row.created_at, delivered=told["delivered"], mailed=told["mailed"],
        waiting=told["waiting"], needs=tuple((code, n) for code, n in told["needs"]),
        desk_url=linking.desk_url(filling.services),
    )  # fmt: skip


FILLERS: dict[str, Callable[[Filling], mail.MailContext]] = {
    "label": _label,
    "survey": _survey,
    "survey_reminder": _survey_reminder,
    "complaint_ack": _complaint_ack,
    "decision": _decision,
    "discount_code": _discount_code,
    "answer": _answer,
    "return_ack": _return_ack,
    "links": _links,
    "owner_case": _owner_case,
    "owner_fix": _owner_fix,
    "owner_return": _owner_return,
    "owner_notice": _owner_notice,
    "owner_daily": _owner_daily,
}
