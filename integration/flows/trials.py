"""The whole line once on a real order, addressed to the owner: label, survey, a code made, read back and revoked.

Nothing of it is kept: rows are written in a transaction that is taken back, and the code lives for seconds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import TypeVar

from sqlmodel import Session

import connectors
from connectors.base import StoreConnector
from emails.message import new_message_id
from integration.db.queries import lists, shops
from integration.db.queries import orders as rows
from integration.db.rehearsal import rehearsing
from integration.db.tables import LabelRow, MailRow, OrderRow, Shop
from integration.domain.errors import NotFound, Permanent, PostventaError
from integration.domain.facts import Order
from integration.domain.ids import new_id, spoken_number
from integration.domain.labels import Label
from integration.domain.tasks import Discount, DiscountRequest
from integration.flows import labels, mail_building
from integration.flows.people import customer_key
from integration.flows.services import Services
from integration.flows.shops import connector_of, policy_of, zone_of
from integration.i18n import Words
from integration.labels import draw_slip
from integration.rules import features

LIVES = timedelta(hours=1)
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class TrialStep:
    """One step of the line: its code, whether it happened, and what its sentence names."""

    code: str
    ok: bool
    params: dict[str, str] = field(default_factory=dict)
    error: PostventaError | None = None


@dataclass
class _Trial:
    """What the steps hand on to one another."""

    services: Services
    shop: Shop
    connector: StoreConnector
    to: str
    order: Order
    now: datetime
    label: Label | None = None
    steps: list[TrialStep] = field(default_factory=list)

    def step(self, name: str, act: Callable[[], Made], /, **params: str) -> Made | None:
        """Do one step and note how it went; what the outside refuses is a step that did not happen."""
        return _noted(self.steps, name, act, **params)


def run(services: Services, shop_id: str, wanted: str, to: str) -> list[TrialStep]:
    """Try everything on the order with this number, or the store's id; every step says whether it happened."""
    with services.db.reading() as session:
        shop = shops.shop(session, shop_id)
        connector = connector_of(session, services, shop)
        known = lists.orders_called(session, [shop_id], wanted, [], 1)
    steps: list[TrialStep] = []
    ref = known[0].ref if known else wanted
    order = _noted(steps, "order_read", lambda: _fetched(connector, ref), order=wanted)
    if order is not None:
        _line(_Trial(services, shop, connector, to, order, services.clock(), steps=steps))
    return steps


def _noted(steps: list[TrialStep], name: str, act: Callable[[], Made], /, **params: str) -> Made | None:
    try:
        made = act()
    except PostventaError as error:
        steps.append(TrialStep(name, ok=False, params=params, error=error))
        return None
    steps.append(TrialStep(name, ok=True, params=params))
    return made


def _fetched(connector: StoreConnector, ref: str) -> Order:
    order = connector.fetch_order(ref)
    if order is None:
        raise NotFound("no_order", order=ref[:40])
    return order


def _line(trial: _Trial) -> None:
    trial.step("label_made", lambda: _make_label(trial))
    trial.step("label_mailed", lambda: _mail(trial, "label"), to=trial.to)
    trial.step("survey_mailed", lambda: _mail(trial, "survey"), to=trial.to)
    with trial.services.db.reading() as session:
        _, policy = policy_of(session, trial.services, trial.shop)
    if "codes" in features.switched_on(policy):
        _code(trial, spoken_number("PV-TRY", 11))
    else:
        trial.steps.append(TrialStep("no_codes", ok=True))


def _code(trial: _Trial, code: str) -> None:
    """A store may have made it and lost its answer, so whatever is there in the end goes."""
    made: Discount | None = None
    try:
        made = trial.step("code_made", lambda: trial.connector.create_discount(_request(trial, code)), code=code)
        if made is not None:
            trial.step("code_read_back", lambda: _read_back(trial, code), code=code)
    finally:
        _take_back(trial, made.ref if made else "", code)


def _take_back(trial: _Trial, ref: str, code: str) -> None:
    """The step is told unless there was nothing to take back; where nobody can say so, it did not happen."""
    try:
        held = None if ref else trial.connector.find_discount(code)
    except PostventaError as error:
        trial.steps.append(TrialStep("code_revoked", ok=False, params={"code": code}, error=error))
        return
    there = held.ref if held else ref
    if there:
        trial.step("code_revoked", lambda: _revoke(trial, there, code), code=code)


def _make_label(trial: _Trial) -> None:
    """Where a label costs nothing to make; what is bought or charged for is not used up by a trial."""
    services = trial.services
    with rehearsing(services.db) as session:
        _, policy = policy_of(session, services, trial.shop)
        order = _order_row(session, trial)
        row = _label_row(trial, order, policy.carrier, spoken_number("R", 8))
        session.add(row)
        session.flush()
        request = labels.request_of(session, services, trial.shop, order, row, trial.now)
    carrier = connectors.carrier(policy.carrier)
    if carrier.capabilities.charges_at_creation or carrier.capabilities.needs_stock:
        return
    trial.label = carrier({}, services.http, draw_slip).create_return(request, iter(()))


def _label_row(trial: _Trial, order: OrderRow, carrier: str, reference: str) -> LabelRow:
    return LabelRow(
        id=new_id("label", trial.now), shop_id=trial.shop.id, order_id=order.id, subject=f"try:{reference}",
        reference=reference, carrier=carrier, created_at=trial.now,
    )  # fmt: skip


def _order_row(session: Session, trial: _Trial) -> OrderRow:
    """The order as the store tells it now, but with the owner's address."""
    row = rows.by_ref(session, trial.shop.id, trial.order.ref)
    if row is None:
        row = rows.stub(trial.shop.id, trial.order.ref, trial.now)
        session.add(row)
    order = dataclasses.replace(trial.order, email=trial.to)
    rows.put_facts(row, order, customer_key(trial.shop.id, order))
    session.flush()
    return row


def _mail(trial: _Trial, kind: str) -> None:
    with rehearsing(trial.services.db) as session:
        message, mail_id = _built(session, trial, kind)
    trial.services.transport.send(message, kind=f"try_{kind}", mail_id=mail_id, at=trial.now)


def _built(session: Session, trial: _Trial, kind: str) -> tuple[EmailMessage, str]:
    order, subject = _order_row(session, trial), ""
    if kind == "label" and trial.label is not None:
        row = _label_row(trial, order, "own", trial.label.reference)
        row.state, row.method = "created", trial.label.method
        row.pdf = trial.services.vault.seal_bytes(trial.label.pdf)
        row.postage_paid, row.expires_at = trial.label.postage_paid, trial.label.expires_at
        session.add(row)
        subject = row.subject
    sender = mail_building.sender_of(trial.services, trial.shop.name)
    mail_id = new_id("mail", trial.now)
    mail = MailRow(
        id=mail_id, shop_id=trial.shop.id, order_id=order.id, kind=kind, key=f"try:{mail_id}",
        message_id=new_message_id(mail_id, sender.address.rpartition("@")[2]), context={"subject": subject},
        created_at=trial.now,
    )  # fmt: skip
    session.add(mail)
    session.flush()
    mark = Words(trial.shop.locale, "", zone_of(trial.shop))("mail.trial.mark")
    return mail_building.message_of(session, trial.services, trial.shop, mail, order, trial.now, mark), mail_id


def _request(trial: _Trial, code: str) -> DiscountRequest:
    with trial.services.db.reading() as session:
        _, policy = policy_of(session, trial.services, trial.shop)
    extra = policy.compensation
    return DiscountRequest(
        code=code, title="Postventa", kind=extra.kind, value=extra.value,
        currency=trial.shop.currency or trial.order.total.currency, email=trial.order.email,
        customer_ref=trial.order.customer_ref, starts_at=trial.now, expires_at=trial.now + LIVES, reference="try",
    )  # fmt: skip


def _read_back(trial: _Trial, code: str) -> None:
    held = trial.connector.find_discount(code)
    if held is None or not held.bound or held.usage_limit != 1:
        raise Permanent("discount_differs", fields="code")


def _revoke(trial: _Trial, ref: str, code: str) -> None:
    trial.connector.revoke_discount(ref)
    if trial.connector.find_discount(code) is not None:
        raise Permanent("code_still_there", discount=code)
