"""What is heard of a mail after it left, and what follows for the next ones (A32, A34, A35)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Kind = Literal["hard", "soft", "sender", "complaint", "delayed", "other"]
Scope = Literal["all", "survey", "marketing"]

SOFT_PERIOD = timedelta(days=30)
COMPLAINTS = (0.001, 2)
"""The share of spam complaints from which mailboxes lose their trust (A36), and the fewest that tell of a share."""
SURVEYS_END = (0.003, 2)
"""From here on surveys do more harm than they tell, so none leaves (A36)."""
DEAD_ADDRESSES = (0.05, 5)
"""The same for addresses that are none."""
ACCUSERS = 3
"""People whose bounces within a day accuse our sender before that stops all mail: whoever has one can write one."""
ACCUSED_WITHIN = timedelta(days=1)
_SOFT_LIMIT = 5
_REST = timedelta(days=30)

# RFC 3463. Not in 5.1: 7 and 8 complain of the sender's address. 5.2.1 is a mailbox closed for good, 5.4.4 a
# domain that is none.
_HARD = re.compile(r"5\.1\.(?![78]$)\d+|5\.2\.1|5\.4\.4")
_SENDER = re.compile(r"5\.7\.\d+|5\.1\.[78]")
_THIS_MAIL = re.compile(r"5\.2\.3|5\.3\.4|5\.[56]\.\d+")  # too large, or not understood: another mail may arrive


@dataclass(frozen=True, slots=True)
class Suppress:
    """What is not sent to this address any more, why, and for how long; `None` is for good."""

    scopes: tuple[Scope, ...]
    reason: str
    lasts: timedelta | None = None


def kind_of(action: str, status: str) -> Kind:
    """What a report means: `action` as RFC 3464 names it, or `complaint`; `status` such as `5.1.1`, or nothing.

    A failure that says nothing clear is soft: five of them end the matter as well, one does not.
    """
    if action == "complaint":
        return "complaint"
    if action != "failed":
        return "delayed" if action == "delayed" else "other"
    if _SENDER.fullmatch(status):
        return "sender"
    if _HARD.fullmatch(status):
        return "hard"
    return "other" if _THIS_MAIL.fullmatch(status) else "soft"


def consequence(kind: Kind, softs: int) -> Suppress | None:
    """What follows; `softs` counts the soft bounces of the address within 30 days, this one included."""
    if kind == "hard":
        return Suppress(("all",), "hard_bounce")
    if kind == "complaint":
        return Suppress(("survey", "marketing"), "spam_complaint")
    if kind == "soft" and softs >= _SOFT_LIMIT:
        return Suppress(("all",), "soft_bounces", _REST)
    return None


def sender_is_at_fault(source: str, accusers: int) -> bool:
    """Whether all mail has to stand still: a provider who proves who he is may say so alone, a bounce may not."""
    return source != "dsn" or accusers >= ACCUSERS


def worrying(n: int, sent: int, share: float, least: int) -> bool:
    """Whether so many of the mails sent are too many; fewer than `least` say nothing, whatever their share."""
    return n >= least and n >= share * sent


def kind_of_refusal(code: str, reply: str) -> Kind:
    """What a refusal by the mail server itself says about the address; `reply` as the server gave it."""
    if code == "mail_recipient_inactive":  # the provider knows of a bounce or complaint before ours
        return "hard"
    if code not in ("mail_recipient_refused", "mail_recipient_full"):
        return "other"
    found = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", reply)
    return kind_of("failed", found[0] if found else "")
