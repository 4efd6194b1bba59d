"""What a bounce, a complaint or a provider's word about a mail moves."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlmodel import Session

from emails.bounces import Heard, read_bounce
from integration.db.queries import mail_events as rows
from integration.db.queries import mails, shops
from integration.db.queries import outbox as tasks
from integration.db.tables import MailRow
from integration.domain.errors import Refused
from integration.flows import alerts, mail_events, mail_verdicts, pauses, reputation
from integration.flows.services import Services
from integration.rules import bounces as rules
from integration.rules import transitions

_MOST_COPIES = 3
_LATER = timedelta(hours=6)
_ELSEWHERE = re.compile(r"[^\s<>:;]+@[^\s<>:;]+|(?:https?:|www\.)\S+|\S+\.[a-z]{2,}/\S*", re.IGNORECASE)
"""Addresses and links: the words of a bounce are a stranger's, and the owner reads them in a mail of ours."""
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
        kind = rules.kind_of(heard.action, heard.status)
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
    """We are at fault, not she (A7): the stream stands still, and the mail that came back leaves again later.

    Reports never prolong a stop, and those that anybody can write stop nothing until several people's agree.
    """
    told = Refused("mail_sender_refused", reply=_ELSEWHERE.sub("…", heard.reply))
    accusers = rows.people(session, row.shop_id, "sender", now - rules.ACCUSED_WITHIN)
    if not rules.sender_is_at_fault(heard.source, accusers):
        until = now + _LATER
        alerts.tell_owner(session, services, shops.shop(session, row.shop_id), told.code, now, **told.params)
    else:
        standing = pauses.held_until(session, row.shop_id, "mail", now)
        until = standing.until or pauses.begin(session, services, row.shop_id, "mail", told, now)
    task = tasks.task_by_key(session, row.shop_id, f"SendMail:{row.id}")
    if row.state == "sent" and row.copies < _MOST_COPIES and task is not None and task.state == "done":
        row.state, row.reason = transitions.moved("mail", row.state, "queued"), "mail_sender_refused"
        task.state, task.reason = transitions.moved("task", task.state, "ready"), "mail_sender_refused"
        task.due_at, task.done_at = until, None
