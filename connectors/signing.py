"""Signatures of webhooks: base64 of HMAC-SHA256 over the raw body, under any of the secrets that still hold."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def sign(body: bytes, secret: str) -> str:
    """The signature as it stands in the header."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made this signature; every secret is tried, in constant time.

    Any text may stand in the header: what is no base64 is only a wrong signature. An empty secret signs nothing.
    """
    given = signature.strip().encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets if secret]
    return any(matches)
