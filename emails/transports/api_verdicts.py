"""What Postmark's answers mean for a mail: its error codes first, then the HTTP status."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from emails.headers import one_line
from emails.transports.base import Answer
from emails.transports.verdicts import without_reader
from integration.domain.errors import Ambiguous, Permanent, Refused, SinkError, Temporary
from integration.durations import retry_after

# https://postmarkapp.com/developer/api/overview, "API error codes".
_BAD_TOKEN, _MAINTENANCE, _INVALID_MAIL, _INACTIVE, _TOO_MANY = 10, 100, 300, 406, 429
_OUR_SENDER = {400, 401}  # no such sender signature, or not confirmed
_OUR_ACCOUNT = {405, 412, 413}  # out of credit, not approved yet, closed
_STREAMS = range(1200, 1300)  # no such message stream, or one of another kind: true for every mail


def judge_answer(answer: Answer, message: EmailMessage | None, at: datetime | None) -> dict[str, Any]:
    """The fields of an answer that took what was asked; everything else is raised as `Transport.send` promises.

    A mail counts as taken only when the answer says so in Postmark's own words: a web page with status 200, from
    something on the way, leaves it open.
    """
    told = _fields(answer.body)
    code = told.get("ErrorCode", 0)
    if answer.status == 200 and code == 0 and (message is None or "MessageID" in told):
        return told
    text = f"{code or answer.status} {one_line(str(told.get('Message', '')), 200)}".rstrip()
    reply = without_reader(text, message) if message else text
    wait = retry_after(answer.headers.get("retry-after", ""), at)
    known = _by_code(code, reply, wait, str(told.get("Message", ""))) if isinstance(code, int) else None
    raise known or _by_status(answer.status, reply, wait)


def _by_code(code: int, reply: str, wait: timedelta | None, words: str) -> SinkError | None:
    field = re.search(r"'(From|Reply-?To|To)'", words) if code == _INVALID_MAIL else None
    if code == _BAD_TOKEN:
        return Refused("mail_token_refused")
    if code in _OUR_SENDER or (field and field[1] != "To"):
        return Refused("mail_sender_refused", reply=reply)
    if code in _OUR_ACCOUNT or code in _STREAMS:
        return Refused("mail_server_refused", reply=reply)
    if code == _INACTIVE or field:
        return Permanent("mail_recipient_inactive" if code == _INACTIVE else "mail_recipient_refused", reply=reply)
    return Temporary("mail_deferred", wait, reply=reply) if code in (_MAINTENANCE, _TOO_MANY) else None


def _by_status(status: int, reply: str, wait: timedelta | None) -> SinkError:
    if status == 401:
        return Refused("mail_token_refused")
    if status in (413, 422):
        return Permanent("mail_content_refused", reply=reply)
    if 200 <= status <= 299 or status == 504:  # a gateway that lost the answer
        return Ambiguous("mail_no_verdict")
    if status == 429 or 500 <= status <= 599:
        return Temporary("mail_deferred", wait, reply=reply)
    # A 403 without a code is a guard before the API; a 404 or a redirect is not the API at all.
    return Refused("mail_server_refused", reply=reply)


def _fields(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
