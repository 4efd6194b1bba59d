"""Our ids: a kind, an underscore, and 26 signs that sort by time (48 bits of ms, 80 random)."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(kind: str, now: datetime) -> str:
    """A new id such as `order_01kaq3…`; later ids sort behind earlier ones of another ms."""
    value = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return f"{kind}_" + "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def spoken_number(prefix: str, letters: int = 6) -> str:
    """A random, non-sequential number to read out aloud, such as `R-7K3QXM`: no 0 1 I L O U."""
    signs = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    return f"{prefix}-" + "".join(secrets.choice(signs) for _ in range(letters))
