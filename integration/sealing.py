"""Files sealed piece by piece: any size in little memory; nothing in them can be changed, cut off or put elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integration.domain.errors import Permanent

PIECE = 1 << 20
_TAG = 16


def seal(source: IO[bytes], target: IO[bytes], key: bytes, label: bytes) -> None:
    """Write `source` sealed to `target`; the 32-byte key must serve no second file, `label` is needed to open it."""
    cipher, number, piece = AESGCM(key), 0, source.read(PIECE)
    while True:
        following = source.read(PIECE)
        target.write(cipher.encrypt(_nonce(number, last=not following), piece, label))
        if not following:
            return
        number, piece = number + 1, following


def unseal(source: IO[bytes], key: bytes, label: bytes) -> Iterator[bytes]:
    """The pieces again; `Permanent("backup_damaged")` as soon as one is not what was written or the last is missing."""
    cipher, number, piece = AESGCM(key), 0, source.read(PIECE + _TAG)
    while True:
        following = source.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), piece, label)
        except (InvalidTag, ValueError) as error:
            raise Permanent("backup_damaged") from error
        if not following:
            return
        number, piece = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    """Counts the pieces and marks the last, so that a file cut at a piece's end does not open."""
    return number.to_bytes(11, "big") + bytes([last])
