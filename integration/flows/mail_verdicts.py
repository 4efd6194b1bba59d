"""What a mail's acceptance or failure moves: the mail itself, an acknowledged complaint, a mailed code."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from emails.catalogue import KINDS
from integration.db.queries import complaints
from integration.db.queries import mails as rows
from integration.db.tables import MailRow, Task
from integration.domain.errors import Ambiguous, SinkError
from integration.flows import codes, mail_events
from integration.flows import complaints as cases
from integration.flows.services import Services
from integration.rules import retries

_FOLLOWED = ("complaint_ack", "discount_code")
_NO_WORD_OF_THE_SERVER = ("kills_the_worker", "unexpected")
_BEFORE_IT_BEGAN = ("database_busy",)
"""What can be said while an earlier try may be out: that one stays in doubt."""


def sent(session: Session, services: Services, task: Task, now: datetime) -> None:
    """The server took it: note that, and what follows from it."""
    kind = rows.note_sent(session, task.shop_id, task.subject, now)
    if kind in _FOLLOWED:
        _follow(session, rows.get(session, task.shop_id, task.subject), now)


def accepted(session: Session, row: MailRow, now: datetime) -> None:
    """It is out, whoever told us."""
    row.state, row.sent_at, row.reason = "sent", now, ""
    _follow(session, row, now)


def _follow(session: Session, row: MailRow, now: datetime) -> None:
    if row.kind == "complaint_ack" and row.complaint_id:
        cases.acknowledged(session, complaints.get(session, row.shop_id, row.complaint_id), now)
    if row.kind == "discount_code":
        codes.mailed(session, row.shop_id, row.context["code_id"], now)


def failed(
    session: Session, services: Services, task: Task, error: SinkError, verdict: retries.Verdict, now: datetime
) -> retries.Verdict:
    """Keep the mail's state in step with its task; decides what an ambiguous send becomes (E4)."""
    row = rows.get(session, task.shop_id, task.subject)
    if isinstance(error, Ambiguous) or (error.code in _NO_WORD_OF_THE_SERVER and row.state == "sending"):
        verdict = retries.mail_ambiguous(KINDS[row.kind].category, row.copies, now)
        row.state = "queued" if isinstance(verdict, retries.Retry) else "ambiguous"
    elif isinstance(verdict, retries.Dead):
        row.state = "dead"
        mail_events.refused(session, services, row, error, now)
    elif row.state == "sending" and error.code not in _BEFORE_IT_BEGAN:
        row.state = "queued"
        row.copies -= 1  # surely not taken: a greylisted mail has its second copy left for real doubt
    row.reason = error.code
    return verdict
