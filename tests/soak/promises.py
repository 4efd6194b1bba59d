"""What must be true when the storm is over and everything has come to rest (E1-E4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

from sqlalchemy import text

from integration.db.tables import (
    AnswerRow,
    CodeRow,
    FollowUpRow,
    LabelRow,
    MailRow,
    OrderRow,
    Receipt,
    Task,
)
from tests.soak.installation import Installation
from tests.soak.people import Ledger

ONCE_AT_MOST = ("survey", "survey_reminder")
ENDS = {"sent", "skipped", "dead", "ambiguous"}


def broken(place: Installation, ledger: Ledger) -> list[str]:
    """Every promise that was not kept, in words; empty when all were."""
    return [*_lost(place, ledger), *_doubled(place), *_mailed_too_often(place), *_open(place, ledger), *_waiting(place)]


def _lost(place: Installation, ledger: Ledger) -> Iterator[str]:
    """No acknowledged webhook, no answer that was taken."""
    kept = {(row.shop_id, row.body): row.state for row in place.rows(Receipt)}
    for shop_id, body in ledger.acknowledged:
        state = kept.get((shop_id, body), "lost")
        if state not in ("done", "ignored"):
            yield f"a webhook that was answered 200 is {state}: {body[:80]!r}"
    if len(place.rows(AnswerRow)) < len(ledger.answered):
        yield f"{len(ledger.answered)} answers were taken, {len(place.rows(AnswerRow))} are there"
    with place.services.db.reading() as session:
        sqlite = session.connection().dialect.name == "sqlite"
        found = session.connection().execute(text("PRAGMA integrity_check")).scalar_one() if sqlite else "ok"
    if found != "ok":
        yield f"the database is {found}"


def _doubled(place: Installation) -> Iterator[str]:
    """No second code, neither here nor in the store, and no second label."""
    codes = place.rows(CodeRow)
    for order, n in Counter(row.order_id for row in codes).items():
        if n > 1:
            yield f"order {order} has {n} codes"
    for subject, n in Counter((row.shop_id, row.subject) for row in place.rows(LabelRow)).items():
        if n > 1:
            yield f"{subject} has {n} labels"
    for shop in place.shops:
        ours = {row.code: row.state for row in codes if row.shop_id == shop.id}
        for code, n in Counter(held.code for held in shop.side.codes()).items():
            if n > 1 or code not in ours:
                yield f"the store has {code} {n} times, we know {ours.get(code, 'nothing of it')}"
        missing = set(ours) - {held.code for held in shop.side.codes()}
        yield from (f"{code} is {ours[code]} and not in the store" for code in missing if ours[code] != "revoked")


def _mailed_too_often(place: Installation) -> Iterator[str]:
    """A mail leaves once; twice at most if nobody knew, and a survey never."""
    rows = {row.message_id: row for row in place.rows(MailRow)}
    for message_id, n in arrivals(place).items():
        row = rows.get(message_id)
        if row is None:
            yield f"nobody knows mail {message_id}"
        elif n > (1 if row.kind in ONCE_AT_MOST else min(2, row.copies)):
            yield f"{row.kind} {message_id} arrived {n} times, {row.copies} known"


def arrivals(place: Installation) -> Counter[str]:
    """How often each mail came to the mail server, by its Message-ID."""
    messages = [message_from_bytes(mail.content, policy=default) for mail in place.desk.mails]
    return Counter(str(message["Message-ID"]) for message in messages)


def _open(place: Installation, ledger: Ledger) -> Iterator[str]:
    """Every delivered order ends mailed, skipped with a reason, or as a dead letter."""
    orders = {(row.shop_id, row.ref): row.id for row in place.rows(OrderRow)}
    steps = {(row.order_id, row.kind): row for row in place.rows(FollowUpRow)}
    mails = {(row.order_id, row.kind): row for row in place.rows(MailRow)}
    for shop, ref in ledger.arrived:
        order = orders.get((shop.id, ref))
        for kind in ("label", "survey"):
            step, mail = steps.get((order or "", kind)), mails.get((order, kind))
            if step is None or not (step.state == "done" or (step.state == "skipped" and step.reason)):
                yield f"order {ref} of {shop.side.platform}: {kind} is {step.state if step else 'not planned'}"
            elif step.state == "done" and (mail is None or mail.state not in ENDS):
                yield f"order {ref} of {shop.side.platform}: the {kind} mail is {mail.state if mail else 'not there'}"


def _waiting(place: Installation) -> Iterator[str]:
    """No task is due or held, and whatever did not leave says why."""
    now = place.services.clock()
    for task in place.rows(Task):
        if task.state == "leased" or (task.state == "ready" and task.due_at <= now):
            yield f"task {task.kind} {task.key} is {task.state}: {task.reason}"
    for mail in place.rows(MailRow):
        if mail.state in ("skipped", "dead", "ambiguous") and not mail.reason:
            yield f"{mail.kind} {mail.id} is {mail.state} without a reason"
