"""Reads what mail servers say of a mail afterwards: bounces (RFC 3464, and older ones), complaints (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from emails.headers import one_line

LONGEST = 2_000_000
_ADDRESSED_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To")
_OUR_ID = r"mail_[0-9a-z]{26}"
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_PLAIN = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
# Where an older bounce ends and the mail that came back begins.
_RETURNED = re.compile(
    r"^(--- Below this line|------ This is a copy|----- ?(Original message|Unsent message)|"
    r"(Return-Path|Received|Message-ID|DKIM-Signature): )",
    re.IGNORECASE | re.MULTILINE,
)
_BOUNCERS = re.compile(r"mailer-daemon|postmaster@|mail delivery (sub)?system|mail-daemon", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is told of a mail after it left.

    `action` is RFC 3464's (`failed`, `delayed`, `delivered`, …) or `complaint`, `status` RFC 3463's (`5.1.1`) or
    empty. The mail is named by our id (from the address that the bounce came to, or from the provider's metadata) or
    by its Message-ID. `key` tells a repeat, `source` who says it; `address` is given only by who may be believed.
    """

    action: str
    status: str = ""
    mail_id: str = ""
    message_id: str = ""
    address: str = ""
    reply: str = ""
    key: str = ""
    source: str = "dsn"


def bounce_address(mailbox: str, mail_id: str) -> str:
    """The mailbox with the mail's id behind a plus sign (VERP); empty for no mailbox."""
    local, at, domain = mailbox.rpartition("@")
    return f"{local}+{mail_id}@{domain}" if at else ""


def read_bounce(raw: bytes) -> Heard | None:
    """What a mail to the bounce mailbox tells of one of ours; `None` for any other: answers, receipts, absences."""
    message = message_from_bytes(raw[:LONGEST], policy=compat32)
    told = _told(message)
    if told is None:
        return None
    action, status, reply = told
    named = _message_id(raw[:LONGEST].decode("latin-1"))
    reply = one_line(reply, 200)
    return Heard(action=action, status=status, reply=reply, mail_id=_mail_id(message), message_id=named)


def _told(message: Message) -> tuple[str, str, str] | None:
    parts = {part.get_content_type(): part for part in message.walk()}
    if "message/feedback-report" in parts:
        return ("complaint", "", "") if _feedback(parts["message/feedback-report"]) == "abuse" else None
    if "message/delivery-status" in parts:
        return _delivery_status(parts["message/delivery-status"])
    return _older(message) if _is_from_a_server(message) else None


def _feedback(report: Message) -> str:
    """`abuse`, `not-spam`, …; parsed as a mail or left as text, by who wrote it."""
    inner = report.get_payload()
    text = str(inner[0]) if isinstance(inner, list) and inner else str(inner)
    found = re.search(r"^Feedback-Type:\s*([\w-]+)", text, re.IGNORECASE | re.MULTILINE)
    return found[1].lower() if found else ""


def _delivery_status(report: Message) -> tuple[str, str, str] | None:
    """The first recipient's fate: our mails have one each."""
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message) and block.get("Action"):
            reply = _unfolded(block.get("Diagnostic-Code"))
            action = _unfolded(block.get("Action")).lower().split(" ")[0]
            return action, _status(_unfolded(block.get("Status")), reply), reply
    return None


def _status(status: str, reply: str) -> str:
    """The status, or the clearer one inside what the other server said (`5.0.0` says nothing)."""
    said = _ENHANCED.search(status)
    if said and not said[1].endswith(".0.0"):
        return said[1]
    clearer = _ENHANCED.search(reply)
    return clearer[1] if clearer else (said[1] if said else "")


def _unfolded(value: object) -> str:
    return " ".join(str(value or "").split())


def _is_from_a_server(message: Message) -> bool:
    """An empty Return-Path alone does not say so: the answer of someone who is away has it, too."""
    return bool(message.get("X-Failed-Recipients") or _BOUNCERS.search(str(message.get("From", ""))))


def _older(message: Message) -> tuple[str, str, str] | None:
    """qmail, Exim and others write only for people: the first code before the returned mail is what it is about."""
    text = "\n".join(_texts(message))
    returned = _RETURNED.search(text)
    said = text[: returned.start()] if returned else text
    enhanced = _ENHANCED.search(said)
    if enhanced:
        return "failed", enhanced[1], _line_of(said, enhanced.start())
    plain = _PLAIN.search(said)
    return ("failed", f"{plain[1]}.0.0", _line_of(said, plain.start())) if plain else None


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            yield bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace").replace("\r\n", "\n")


def _line_of(text: str, place: int) -> str:
    return text[text.rfind("\n", 0, place) + 1 :].split("\n", 1)[0]


def _mail_id(message: Message) -> str:
    for name in _ADDRESSED_TO:
        for value in message.get_all(name, []):
            found = re.search(rf"\+({_OUR_ID})@", str(value), re.IGNORECASE)
            if found:
                return found[1].lower()
    return ""


def _message_id(text: str) -> str:
    """Our Message-ID wherever the bounce carries it: in the returned headers, or between its lines."""
    found = re.search(rf"<{_OUR_ID}@[^>\s]{{1,253}}>", text)
    return found[0] if found else ""
