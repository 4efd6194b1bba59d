"""Tells programs that fill in forms from people, without asking anybody anything (D17)."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from integration.domain.errors import BadForm
from integration.web.forms import Form
from integration.web.visitor import services

TRAP, SHOWN = "website", "shown"
QUICKEST, LONGEST = timedelta(seconds=2), timedelta(hours=12)


def stamp() -> str:
    """What a form carries in `shown`: when it was shown, signed, so that nobody sends one that was never shown."""
    at = str(int(services().clock().timestamp()))
    return f"{at}.{_signature(at)}"


def trapped(sent: Form) -> bool:
    """Whether something stands in the field that no person sees."""
    return bool(sent.get(TRAP))


def check(sent: Form) -> None:
    """`BadForm("sent_too_fast")` for what came quicker than anybody types, or was never shown; she sends it again."""
    at, _, signature = sent.get(SHOWN, "").partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(at).encode()):
        raise BadForm("sent_too_fast", field=SHOWN)
    waited = services().clock() - datetime.fromtimestamp(int(at), UTC)
    if not QUICKEST <= waited <= LONGEST:
        raise BadForm("sent_too_fast", field=SHOWN)


def _signature(at: str) -> str:
    return hmac.new(services().vault.derive("forms"), at.encode(), "sha256").hexdigest()
