"""Postmark's webhooks: bounces, spam complaints, deliveries and changes of its own list of suppressions."""

from __future__ import annotations

import json
import re
from typing import Any

from emails.bounces import Heard
from emails.headers import one_line
from integration.domain.errors import BadPayload

# https://postmarkapp.com/developer/api/bounce-api, "Bounce types", in the words of RFC 3464 and RFC 3463. What is not
# here (automatic answers, subscriptions, tests of a relay) tells nothing of the address.
_BOUNCES: dict[str, tuple[str, str]] = {
    "HardBounce": ("failed", "5.1.1"),
    "BadEmailAddress": ("failed", "5.1.3"),
    "ManuallyDeactivated": ("failed", "5.1.1"),
    "SoftBounce": ("failed", "4.0.0"),
    "SpamNotification": ("failed", "4.0.0"),
    "Unknown": ("failed", "4.0.0"),
    "Transient": ("delayed", "4.0.0"),
    "DnsError": ("delayed", "4.4.3"),
    "Blocked": ("failed", "5.7.1"),
    "DMARCPolicy": ("failed", "5.7.1"),
    "VirusNotification": ("failed", "5.6.0"),
    "SpamComplaint": ("complaint", ""),
}
_SUPPRESSIONS = {
    "HardBounce": ("failed", "5.1.1"),
    "SpamComplaint": ("complaint", ""),
    "ManualSuppression": ("complaint", ""),  # with Origin "Recipient": she unsubscribed at Postmark
}


def heard(body: bytes) -> tuple[Heard, ...]:
    """What one body tells; nothing for the kinds that say nothing of an address."""
    event = _read(body)
    record = event.get("RecordType")
    if record in ("Bounce", "SpamComplaint"):
        told = _BOUNCES.get(str(event.get("Type", record)))
    elif record == "Delivery":
        told = ("delivered", "")
    elif record == "SubscriptionChange" and event.get("SuppressSending") is True and _by_herself(event):
        told = _SUPPRESSIONS.get(str(event.get("SuppressionReason")))
    else:
        told = None
    return (_as_heard(event, *told),) if told else ()


def _by_herself(event: dict[str, Any]) -> bool:
    return event.get("SuppressionReason") != "ManualSuppression" or event.get("Origin") == "Recipient"


def _as_heard(event: dict[str, Any], action: str, status: str) -> Heard:
    metadata = event.get("Metadata")
    named = str(metadata.get("mail_id", "")) if isinstance(metadata, dict) else ""
    return Heard(
        action=action,
        status=status,
        mail_id=named if re.fullmatch(r"mail_[0-9a-z]{26}", named) else "",
        address=str(event.get("Email") or event.get("Recipient") or "")[:254],
        reply=one_line(str(event.get("Details") or event.get("Description") or ""), 200),
        key=f"{event['RecordType']}:{event.get('ID') or event.get('MessageID')}"[:120],
        source="postmark",
    )


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError as error:
        raise BadPayload("not_json") from error
    if not isinstance(event, dict):
        raise BadPayload("bad_shape", path="$")
    return event
