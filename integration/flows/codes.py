"""Discount codes: reserved under the limits, made in the store, mailed; the order of steps survives any crash (C15)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlmodel import Session

from integration import logs
from integration.db.queries import complaints, orders, shops
from integration.db.queries import outbox as tasks
from integration.db.tables import CodeHolder, CodeRow, ComplaintRow, OrderRow, Shop, Task
from integration.domain.errors import Permanent, SinkError
from integration.domain.facts import Order
from integration.domain.ids import new_id
from integration.domain.money import Money
from integration.domain.policy import ExtraKind
from integration.domain.tasks import DiscountRequest
from integration.flows import deciding, history, mails, order_notes
from integration.flows.people import identities
from integration.flows.services import Services
from integration.flows.shops import connector_of
from integration.links import discount_code
from integration.rules import retries, transitions
from integration.rules.compensation import Extra, code_length

PREFIX = "PV-"


def reserve(
    session: Session,
    services: Services,
    shop: Shop,
    case: ComplaintRow,
    row: OrderRow,
    order: Order,
    extra: Extra,
    now: datetime,
) -> CodeRow:
    """Set the code aside with its share of the budget; the caller holds the shop's lock and has asked the rules."""
    key = services.vault.derive("codes")
    code = discount_code(key, shop.id, row.id, PREFIX, code_length(bound=True))
    reserved = CodeRow(
        id=new_id("code", now), shop_id=shop.id, order_id=row.id, complaint_id=case.id, code=code,
        kind=extra.kind, value=str(extra.value), currency=extra.at_risk.currency, at_risk_minor=extra.at_risk.minor,
        min_subtotal_minor=extra.min_subtotal.minor if extra.min_subtotal else None,
        reserved_at=now, expires_at=extra.expires_at,
    )  # fmt: skip
    session.add(reserved)
    session.flush()
    for identity in set(identities(shop.id, order)):
        session.add(CodeHolder(code_id=reserved.id, identity=identity, shop_id=shop.id))
    history.note(session, shop.id, reserved.id, now, "policy", "", "reserved", case.number)
    tasks.put_task(session, shop.id, "CreateDiscount", reserved.id, now)
    return reserved


def create(services: Services, task: Task) -> None:
    """Make the code in the store, or find it made before."""
    with services.db.reading() as session:
        code = complaints.code(session, task.shop_id, task.subject)
        if code.state != "reserved":
            return
        order_row = orders.get(session, task.shop_id, code.order_id)
        if order_row.erased_at:
            raise Permanent("erased")
        case = complaints.get(session, task.shop_id, code.complaint_id)
        request = _request(code, case, orders.facts(order_row))
        connector = connector_of(session, services, shops.shop(session, task.shop_id))
    discount = connector.create_discount(request)
    services.checkpoint("code_created")
    with services.db.writing(task.shop_id) as session:
        complaints.code(session, task.shop_id, task.subject).store_ref = discount.ref
    services.checkpoint("code_noted")


def _request(code: CodeRow, case: ComplaintRow, order: Order) -> DiscountRequest:
    minimum = code.min_subtotal_minor
    return DiscountRequest(
        code=code.code,
        title=f"Postventa {case.number}",
        kind=cast("ExtraKind", code.kind),
        value=Decimal(code.value),
        currency=code.currency,
        email=order.email,
        customer_ref=order.customer_ref,
        starts_at=code.reserved_at,
        expires_at=code.expires_at,
        min_subtotal=Money.of_minor(minimum, code.currency) if minimum is not None else None,
        reference=case.number,
    )


def created(session: Session, services: Services, task: Task, now: datetime) -> None:
    """The store has it: only now is it mailed."""
    code = complaints.code(session, task.shop_id, task.subject)
    if not transitions.allowed("code", code.state, "created"):
        return
    history.note(session, code.shop_id, code.id, now, "store", code.state, "created")
    code.state = "created"
    logs.security("code_issued", shop=code.shop_id, code=code.id)
    order_notes.ask(session, code.shop_id, "code", code.complaint_id, now)
    shop = shops.shop(session, code.shop_id)
    key, context = f"discount_code:{code.order_id}", {"code_id": code.id}
    mails.queue(
        session, services, shop, "discount_code", key, now,
        order_id=code.order_id, complaint_id=code.complaint_id, context=context,
    )  # fmt: skip


def failed(
    session: Session, services: Services, task: Task, error: SinkError, verdict: retries.Verdict, now: datetime
) -> retries.Verdict:
    """A code that cannot be made goes to a person; an ambiguous one is simply asked for again: its name is fixed."""
    if isinstance(verdict, retries.Park):
        verdict = retries.verdict(error.as_temporary(), task.attempts, now, task.key, task.failing_since or now)
    if isinstance(verdict, retries.Dead):
        code = complaints.code(session, task.shop_id, task.subject)
        if transitions.allowed("code", code.state, "revoked"):
            history.note(session, code.shop_id, code.id, now, "store", code.state, "revoked", error.code)
            code.state, code.reason = "revoked", error.code
        case = complaints.get(session, task.shop_id, code.complaint_id)
        case.extra = ""
        deciding.hand_to_person(session, services, case, (error.code,), now)
    return verdict


def mailed(session: Session, shop_id: str, code_id: str, now: datetime) -> None:
    """The mail with the code was accepted."""
    code = complaints.code(session, shop_id, code_id)
    if transitions.allowed("code", code.state, "mailed"):
        history.note(session, shop_id, code_id, now, "system", code.state, "mailed")
        code.state = "mailed"


def revoke(services: Services, task: Task) -> None:
    """Take the code back in the store."""
    with services.db.reading() as session:
        code = complaints.code(session, task.shop_id, task.subject)
        connector = connector_of(session, services, shops.shop(session, task.shop_id))
    ref = code.store_ref
    if not ref:
        found = connector.find_discount(code.code)
        ref = found.ref if found else ""
    if ref:
        connector.revoke_discount(ref)
    services.checkpoint("code_revoked")


def revoked(session: Session, services: Services, task: Task, now: datetime) -> None:
    """The store no longer honours it; its share of the budget is free again."""
    code = complaints.code(session, task.shop_id, task.subject)
    if transitions.allowed("code", code.state, "revoked"):
        history.note(session, code.shop_id, code.id, now, "owner", code.state, "revoked")
        if code.state in ("reserved", "created"):
            _tell_fix_alone(session, services, code, now)
        code.state = "revoked"


def _tell_fix_alone(session: Session, services: Services, code: CodeRow, now: datetime) -> None:
    """The mail with the code would have told the fix as well; now another one does."""
    case = complaints.get(session, code.shop_id, code.complaint_id)
    case.extra = ""
    deciding.tell_decision(session, services, shops.shop(session, code.shop_id), case, now)


def revoke_failed(
    session: Session, services: Services, task: Task, error: SinkError, verdict: retries.Verdict, now: datetime
) -> retries.Verdict:
    """Taking back twice does no harm, so an ambiguous try is tried again."""
    if isinstance(verdict, retries.Park):
        return retries.verdict(error.as_temporary(), task.attempts, now, task.key, task.failing_since or now)
    return verdict
