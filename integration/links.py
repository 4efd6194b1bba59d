"""Link tokens: made from the link key, stored only as a digest, so any mail can be built again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Literal

Purpose = Literal["s", "r", "c", "u", "l", "o"]
"""Survey, returns, complaint, unsubscribe, one-click label, owner's case: the letter in the path."""


def token(key: bytes, purpose: Purpose, shop: str, subject: str, version: int) -> str:
    """22 base64url characters of HMAC-SHA256: 131 bits that nobody can guess or walk through."""
    message = "|".join((purpose, shop, subject, str(version))).encode()
    return base64.urlsafe_b64encode(hmac.new(key, message, hashlib.sha256).digest())[:22].decode()


def digest(link_token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(link_token.encode("utf-8", "surrogatepass")).hexdigest()


def discount_code(key: bytes, shop: str, order: str, prefix: str, length: int) -> str:
    """A code of `length` signs out of 30, the same for the same order: keyed, so nobody can guess it.

    30 signs give 4.9 bits each: 11 bound to a person are 53 bits, 14 unbound 68 (C14).
    """
    number = int.from_bytes(hmac.new(key, f"code|{shop}|{order}".encode(), hashlib.sha256).digest(), "big")
    signs = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    picked = []
    for _ in range(length):
        number, place = divmod(number, len(signs))
        picked.append(signs[place])
    return f"{prefix}{''.join(picked)}"
