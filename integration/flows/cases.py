"""The owner's side of a complaint: read it, answer as mail, grant fix and extra, refuse, close."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast, get_args

from sqlmodel import Session

from integration.db.queries import complaints as rows
from integration.db.queries import orders, shops
from integration.db.queries.history import of_subject
from integration.db.tables import CodeRow, ComplaintRow
from integration.domain.errors import BadForm, Conflict
from integration.domain.facts import Order
from integration.domain.money import Money
from integration.domain.policy import Fix
from integration.flows import deciding, history, mails, redemptions
from integration.flows.complaints import Step
from integration.flows.people import digest
from integration.flows.services import Services
from integration.flows.shops import policy_of
from integration.flows.visits import Visit, known_visit, shop_of, visit_of
from integration.rules import compensation
from integration.rules.complaints import Verdict

ACTIONS = ("answer", "grant", "refuse", "fixed", "close")
ANSWER_MAX = 8000
FIXES = tuple(fix for fix in get_args(Fix) if fix != "person")


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the owner needs to decide on one page; `reasons` are codes of why a person decides.

    `extra_offer` is what an extra would be, as kind and value (`percent 10`), empty if the policy gives none;
    `suggested_fix` is what the policy names for this cause, empty if it leaves that to a person;
    `code_state` is the state of the order's code, empty without one; `open_actions` are those of `ACTIONS` that
    make sense now. `code_used_by` is the number of the order that was paid with the code, `code_used_at` when that
    was heard of.
    """

    visit: Visit
    number: str
    state: str
    severity: str
    source: str
    cause: str
    wish: str
    text: str
    fix: str
    fixed: bool
    extra: str
    reasons: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    order: Order
    total: Money
    orders_of_customer: int
    complaints_of_customer: int
    code_state: str
    extra_offer: str
    steps: tuple[Step, ...]
    open_actions: tuple[str, ...]
    suggested_fix: str = ""
    code_used_by: str = ""
    code_used_at: datetime | None = None


def page(services: Services, token: str) -> CaseView:
    """What the page shows; writes nothing."""
    with services.db.reading() as session:
        visit = visit_of(session, services, "o", token)
        return view_of(session, services, visit, rows.get(session, visit.shop_id, visit.subject))


def act(services: Services, token: str, form: Mapping[str, str]) -> CaseView:
    """Do `action` with `text` (answer, refuse), `fix` and `extra` (`yes` or empty, grant). `BadForm`, `Conflict`.

    `expected_state` is the state the owner saw: a stale form is `Conflict("case_moved")`.
    """
    now = services.clock()
    with services.db.writing_for(shop_of("o", token, services.clock())) as session:
        visit = known_visit(session, services, "o", token, now)
        case = rows.get(session, visit.shop_id, visit.subject)
        do_unless_moved(session, services, case, form, now)
        session.flush()
        shown = view_of(session, services, visit, case)
    services.checkpoint("case_decided")
    services.wake()
    return shown


def do_unless_moved(
    session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime
) -> None:
    """One action of a form that says in `expected_state` what its page showed; `Conflict("case_moved")`."""
    if form.get("expected_state") != case.state:
        raise Conflict("case_moved", state=case.state)
    do(session, services, case, form, now)


def do(session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime) -> None:
    """One action of the owner, by page or command."""
    if orders.get(session, case.shop_id, case.order_id).erased_at:
        raise Conflict("erased")
    action = form.get("action", "")
    if action not in _open_actions(case):
        raise BadForm("bad_action", field="action", action=action[:20])
    _ACTS[action](session, services, case, form, now)


def _answer(
    session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime, state: str = ""
) -> None:
    text = form.get("text", "").strip()
    if not text:
        raise BadForm("text_missing", field="text")
    if len(text) > ANSWER_MAX:
        raise BadForm("text_too_long", field="text", most=ANSWER_MAX)
    shop = shops.shop(session, case.shop_id)
    key = f"answer:{case.id}:{now:%Y%m%d}:{digest(shop.id, text)}"  # a form sent twice is one mail
    mails.queue(
        session, services, shop, "answer", key, now,
        order_id=case.order_id, complaint_id=case.id, context={"text": text},
    )  # fmt: skip
    if not any(line.reason == "first_human_reply" for line in of_subject(session, case.shop_id, case.id)):
        history.note(session, case.shop_id, case.id, now, "owner", case.state, case.state, "first_human_reply")
    if state:
        deciding.move(session, case, state, "owner", now)
    elif case.state in ("received", "acknowledged", "in_progress") or (case.state == "decided" and not _owed(case)):
        deciding.move(session, case, "waiting_customer", "owner", now)


def _grant(session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime) -> None:
    fix = form.get("fix", "")
    if fix not in FIXES:
        raise BadForm("fix_missing", field="fix")
    shop = shops.lock_shop(session, case.shop_id)
    order_row = orders.get(session, shop.id, case.order_id)
    order = orders.facts(order_row)
    extra = None
    if form.get("extra") == "yes":
        if rows.code_of_order(session, shop.id, case.order_id) is not None:
            raise BadForm("code_given_before", field="extra")
        _, policy = policy_of(session, services, shop)
        extra = compensation.offer(policy.compensation, order, shop.currency or order.total.currency, now)
        if extra is None:
            raise BadForm("extra_not_possible", field="extra")
    case.fix, case.fixed_at = fix, None
    verdict = Verdict(fix=cast("Fix", fix), extra=extra, by="person", reasons=(), would_have=None)
    deciding.apply(session, services, shop, case, order_row, order, verdict, "owner", now)


def _refuse(session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime) -> None:
    _answer(session, services, case, form, now, state="closed")
    case.decided_by = "owner"


def _fixed(session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime) -> None:
    case.fixed_at = now
    history.note(session, case.shop_id, case.id, now, "owner", "", "fixed", case.fix)


def _close(session: Session, services: Services, case: ComplaintRow, form: Mapping[str, str], now: datetime) -> None:
    deciding.move(session, case, "closed", "owner", now, "extra_without_fix" if case.extra and not case.fix else "")


_ACTS: dict[str, Callable[[Session, Services, ComplaintRow, Mapping[str, str], datetime], None]] = {
    "answer": _answer,
    "grant": _grant,
    "refuse": _refuse,
    "fixed": _fixed,
    "close": _close,
}


def _owed(case: ComplaintRow) -> bool:
    """Whether something was promised and is not done yet: then an answer does not end the wait."""
    return case.state == "decided" and bool(case.fix) and case.fixed_at is None


def _open_actions(case: ComplaintRow) -> tuple[str, ...]:
    if case.state == "closed":
        return ("answer",)
    undecided = case.state in ("received", "acknowledged", "in_progress", "waiting_customer")
    return (
        *(("grant", "answer", "refuse") if undecided else ("answer",)),
        *(("fixed",) if _owed(case) else ()),
        "close",
    )


def _used_by(session: Session, code: CodeRow | None) -> str:
    """The number of the order that was paid with it, as the owner knows it."""
    row = orders.by_ref(session, code.shop_id, code.used_by) if code and code.used_by else None
    return (row.number or row.ref) if row else ""


def view_of(session: Session, services: Services, visit: Visit, case: ComplaintRow) -> CaseView:
    """The case as its page shows it."""
    shop = shops.shop(session, case.shop_id)
    order_row = orders.get(session, shop.id, case.order_id)
    order = orders.facts(order_row)
    _, policy = policy_of(session, services, shop)
    code = rows.code_of_order(session, shop.id, case.order_id)
    offer = compensation.offer(policy.compensation, order, shop.currency or order.total.currency, services.clock())
    past = deciding.customer_history(session, shop, order_row, order, policy, services.clock(), but=case.id)
    return CaseView(
        visit=visit, number=case.number, state=case.state, severity=case.severity, source=case.source,
        cause=case.cause, wish=case.wish, text=case.text, fix=case.fix, extra=case.extra,
        fixed=case.fixed_at is not None,
        reasons=tuple(case.reasons.split()), opened_at=case.opened_at, due_at=case.due_at, order=order,
        total=order.total, orders_of_customer=past.orders_count, complaints_of_customer=past.complaints_90d,
        code_state=code.state if code else "",
        extra_offer=f"{offer.kind} {offer.value.normalize():f}" if offer and not code else "",
        steps=tuple(Step(line.at, line.to_state) for line in of_subject(session, shop.id, case.id)),
        open_actions=_open_actions(case), suggested_fix=getattr(policy.fixes, case.cause, ""),
        code_used_by=_used_by(session, code), code_used_at=redemptions.used_at(session, code) if code else None,
    )  # fmt: skip
