"""What a bounce, a complaint or a provider's word about a mail moves."""

from __future__ import annotations

import re
from datetime import datetime

from sqlmodel import Session

from emails.bounces import Heard, read_bounce
from integration.db.queries import mail_events as rows
from integration.db.queries import mails, shops
from integration.db.queries import outbox as tasks
from integration.db.tables import MailRow
from integration.domain.errors import Refused
from integration.flows import alerts, mail_events, mail_verdicts, pauses, reputation
from integration.flows.services import Services
from integration.rules import bounces, transitions

_MOST_COPIES = 3
_IN_DOUBT = ("mail_no_verdict", "mail_interrupted")


def take_mail(services: Services, raw: bytes) -> str:
    """What came to the bounce mailbox: see `take`; `no_bounce` for anything else."""
    heard = read_bounce(raw)
    return take(services, heard) if heard else "no_bounce"


def take(services: Services, heard: Heard) -> str:
    """Act on it once: its kind, `known` for a repeat, `unknown` for a mail that is none of ours."""
    told = _taken(services, heard)
    services.checkpoint("bounce_committed")
    return told


def _taken(services: Services, heard: Heard) -> str:
    now = services.clock()
    with services.db.reading() as session:
        named = rows.mail_named(session, heard.mail_id, heard.message_id)
    if named is None:
        return "unknown"
    with services.db.writing(named.shop_id) as session:
        row = mails.get(session, named.shop_id, named.id)
        _settle_doubt(session, row, now)
        kind = bounces.kind_of(heard.action, heard.status)
        if kind in ("delayed", "other"):
            return kind
        new = mail_events.keep(
            session, row, kind, now, code=heard.status, source=heard.source, key=heard.key, address=heard.address
        )
        if new and kind == "sender":
            _sender_fault(session, services, row, heard, now)
        elif new:
            row.reason = f"{kind}_bounce" if kind in ("hard", "soft") else "spam_complaint"
            if kind == "complaint" and reputation.surveys_stand(session, row.shop_id, now):
                alerts.tell_owner(session, services, shops.shop(session, row.shop_id), "surveys_stand", now)
        return kind if new else "known"


def unreadable(services: Services, provider: str) -> None:
    """An event of another shape than its provider documents: the owner hears of it, once a day."""
    now = services.clock()
    with services.db.writing() as session:
        for shop in shops.all_shops(session)[:1]:  # the provider serves them all, and they have one owner
            alerts.tell_owner(session, services, shop, "mail_event_unreadable", now, provider=provider)


def _settle_doubt(session: Session, row: MailRow, now: datetime) -> None:
    """Whoever tells what became of a mail has had it: it left, and no second copy is needed."""
    if row.state in ("ambiguous", "queued") and row.reason in _IN_DOUBT:
        mail_verdicts.accepted(session, row, now)
        task = tasks.task_by_key(session, row.shop_id, f"SendMail:{row.id}")
        if task is not None and task.state == "ambiguous":
            task.state, task.reason, task.done_at = transitions.moved("task", task.state, "done"), "", now


def _sender_fault(session: Session, services: Services, row: MailRow, heard: Heard, now: datetime) -> None:
    """We are at fault, not she (A7): the stream stands still, and the mail that came back leaves again later."""
    reply = re.sub(r"[^\s<>:;]+@[^\s<>:;]+", "…", heard.reply)
    until = pauses.begin(session, services, row.shop_id, "mail", Refused("mail_sender_refused", reply=reply), now)
    task = tasks.task_by_key(session, row.shop_id, f"SendMail:{row.id}")
    if row.state == "sent" and row.copies < _MOST_COPIES and task is not None and task.state == "done":
        row.state, row.reason = transitions.moved("mail", row.state, "queued"), "mail_sender_refused"
        task.state, task.reason = transitions.moved("task", task.state, "ready"), "mail_sender_refused"
        task.due_at, task.done_at = until, None
