"""Passwords of the desk: hashed with argon2id, two at a time, and refused when everybody knows them (D8)."""

from __future__ import annotations

import hashlib
import threading
import unicodedata
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from integration.domain.errors import TooMany

SHORTEST, ADVISED, LONGEST = 8, 15, 256
PATIENCE = 5.0

# OWASP's smallest set: 19 MB and 2 rounds, so that two log-ins at once fit on a rented server of 512 MB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """What is kept of a password. `TooMany("desk_busy")` when others are being hashed for long."""
    with _Turn():
        return _HASHER.hash(_plain(password))


def matches(kept: str, password: str) -> bool:
    """Whether this is the password, whole; an empty `kept` matches none and takes as long as any other."""
    if len(password) > LONGEST:  # none is as long, and a megabyte is not hashed to find that out
        kept, password = "", ""
    with _Turn():
        try:
            _HASHER.verify(kept or _nobodys(), _plain(password))
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)


def weakness(password: str, *known: str) -> str:
    """Why it is no good, as the code of its sentence; empty when it is. `known` are her name and address.

    No rules of composition: they make passwords worse (NIST SP 800-63B, 3.1.1.2).
    """
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "password_short"
    if len(plain) > LONGEST:
        return "password_long"
    easy = {word.casefold() for word in known if word} | {known[0].partition("@")[0].casefold() if known else ""}
    guessed = plain.casefold() in _common() | easy or _digest(plain) in _leaked() or len(set(plain)) < 3
    return "password_common" if guessed else ""


def _plain(password: str) -> str:
    """One spelling for what looks the same, whichever keyboard typed it."""
    return unicodedata.normalize("NFC", password)


def _digest(plain: str) -> str:
    """As `known_passwords.txt` has it: nothing secret is kept, so that 40 bits are enough."""
    return hashlib.sha256(plain.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:10]


@cache
def _common() -> frozenset[str]:
    return _lines("common_passwords.txt")


@cache
def _leaked() -> frozenset[str]:
    return _lines("known_passwords.txt")


def _lines(name: str) -> frozenset[str]:
    text = files("integration").joinpath(name).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this one")


class _Turn:
    """One of the two places; who waits too long is sent away, so that a flood of log-ins does not take the memory."""

    def __enter__(self) -> None:
        if not _AT_ONCE.acquire(timeout=PATIENCE):
            raise TooMany("desk_busy", seconds=int(PATIENCE))

    def __exit__(self, *_: object) -> None:
        _AT_ONCE.release()
