"""What a server's refusal means for the mail, by the stage it came at (RFC 5321, 4.2 and RFC 3463)."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Literal, NoReturn

from emails.headers import one_line
from emails.message import recipients
from integration.domain.errors import Ambiguous, Permanent, Refused, SinkError, Temporary

Stage = Literal["hello", "login", "sender", "recipient", "content"]

_SENDER_FAULT = {530, 534, 535, 538}  # log in first, or better: true for every mail


def judge(stage: Stage, code: int, text: str) -> NoReturn:
    """Raise what this answer means; `text` is the server's, kept for the owner."""
    raise _meaning(stage, code, _enhanced(text), f"{code} {one_line(text, 200)}")


def judge_content(code: int, text: str) -> None:
    """The verdict on a whole mail: taken, not taken, or not to be understood."""
    if 200 <= code <= 299:
        return
    if not 400 <= code <= 599:
        raise Ambiguous("mail_no_verdict")
    judge("content", code, text)


def _meaning(stage: Stage, code: int, enhanced: str, reply: str) -> SinkError:
    if 400 <= code <= 499:
        return Temporary("mail_deferred", reply=reply)
    if stage in {"hello", "login"}:
        return Refused("mail_server_refused" if stage == "hello" else "mail_login_refused", reply=reply)
    if enhanced.startswith("5.7.") or code in _SENDER_FAULT:
        # Gmail 5.7.26, Outlook 5.7.515, Yahoo 5.7.9: it is about who sends, not about who receives.
        return Refused("mail_sender_refused", reply=reply)
    if enhanced == "5.2.2":  # a full mailbox gets emptied
        return Temporary("mail_recipient_full", reply=reply)
    return _about_this_mail(stage, code, reply)


def _about_this_mail(stage: Stage, code: int, reply: str) -> SinkError:
    if not 500 <= code <= 599:  # no SMTP at all
        return Temporary("mail_deferred", reply=reply)
    if stage == "sender" and code != 552:  # 552 here answers the size that we announced
        return Refused("mail_sender_refused", reply=reply)
    return Permanent("mail_recipient_refused" if stage == "recipient" else "mail_content_refused", reply=reply)


def _enhanced(text: str) -> str:
    found = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", text)
    return found[1] if found else ""


def without_reader(reply: str, message: EmailMessage) -> str:
    """The server's words without the shopper's address: errors end up in histories and logs."""
    for recipient in recipients(message):
        reply = re.sub(re.escape(recipient), "…", reply, flags=re.IGNORECASE)
    return reply
