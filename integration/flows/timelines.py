"""One order's life as moments in order: what moved, which mails left, what is still to come and what never will."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import complaints, history, labels, mails, orders, outbox
from integration.db.tables import FollowUpRow, HistoryRow, MailRow, OrderRow


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened: `thing` is `order`, `shipment`, `label`, `answer`, `complaint`, `code`, `return` or `mail`.

    `code` is the state it took on, or the kind of the mail, whose id is in `mail`; `reason` is a code too.
    """

    at: datetime
    thing: str
    code: str
    reason: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """A follow-up that is planned, or was skipped for a reason."""

    at: datetime
    kind: str
    skipped: bool
    reason: str


def past(session: Session, row: OrderRow) -> tuple[Moment, ...]:
    """Everything that happened, oldest first."""
    told = [_told(line) for line in _history(session, row)]
    sent = [_mailed(mail) for mail in mails.of_order(session, row.shop_id, row.id) if mail.sent_at]
    return tuple(sorted([*told, *sent], key=lambda one: one.at))


def coming(session: Session, row: OrderRow) -> tuple[Coming, ...]:
    """What is planned and what was skipped, by its day."""
    steps = [step for step in outbox.followups(session, row.shop_id, row.id) if step.state != "done"]
    return tuple(sorted((_planned(step) for step in steps), key=lambda one: one.at))


def _planned(step: FollowUpRow) -> Coming:
    return Coming(step.due_at, step.kind, step.state == "skipped", step.reason)


def _told(line: HistoryRow) -> Moment:
    return Moment(line.at, line.subject.partition("_")[0], line.to_state, line.reason)


def _mailed(mail: MailRow) -> Moment:
    return Moment(mail.sent_at or mail.created_at, "mail", mail.kind, mail=mail.id)


def _history(session: Session, row: OrderRow) -> list[HistoryRow]:
    subjects = [row.id, *(parcel.id for parcel in orders.shipments(session, row.id))]
    subjects += [case.id for case in complaints.of_order(session, row.shop_id, row.id)]
    subjects += [label.id for label in labels.of_order(session, row.shop_id, row.id)]
    for found in (
        complaints.code_of_order(session, row.shop_id, row.id),
        complaints.answer(session, row.shop_id, row.id),
        labels.return_of_order(session, row.shop_id, row.id),
    ):
        subjects += [found.id] if found else []
    return list(history.of_subjects(session, row.shop_id, subjects))
