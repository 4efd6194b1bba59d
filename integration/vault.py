"""Our own keys: a 0600 file of `k<n>:<base64>` lines, the last one seals, all of them open (D11)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integration.domain.errors import Misconfigured
from integration.files import replacing

_NONCE = 12


class Vault:
    """Seals credentials at rest and derives the keys for links and codes; never printed.

    `again` reads the keys once more: a value of a key that is not known yet was sealed after a rotation beside us.
    """

    def __init__(self, keys: Mapping[str, bytes], again: Callable[[], Mapping[str, bytes]] | None = None) -> None:
        if not keys:
            raise Misconfigured("no_key")
        self._keys = dict(keys)
        self._again = again

    def __repr__(self) -> str:
        return f"Vault(current={self.current})"

    @property
    def current(self) -> str:
        """The id of the key that seals: the newest."""
        return next(reversed(self._keys))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all keys, oldest first."""
        return tuple(self._keys)

    def seal(self, text: str) -> str:
        """Ciphertext that names its key: `k1:gAAAA…`."""
        return f"{self.current}:{self._fernet(self.current).encrypt(text.encode()).decode()}"

    def open(self, sealed: str) -> str:
        """The text again; `Misconfigured("wrong_key")` when its key is missing or another one."""
        key_id, _, token = sealed.partition(":")
        try:
            return self._fernet(key_id).decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise Misconfigured("wrong_key", key=key_id) from error

    def seal_bytes(self, data: bytes) -> bytes:
        """The same for a file. It is not sealed anew when keys are rotated: its key stays in the key file."""
        nonce = secrets.token_bytes(_NONCE)
        return f"{self.current}:".encode() + nonce + AESGCM(self.derive("files")).encrypt(nonce, data, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """The file again; `Misconfigured("wrong_key")`."""
        key_id, _, rest = sealed.partition(b":")
        key = self.derive("files", key_id.decode("ascii", "replace"))
        try:
            return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], None)
        except InvalidTag as error:
            raise Misconfigured("wrong_key", key=key_id.decode("ascii", "replace")) from error

    def derive(self, purpose: str, key_id: str | None = None) -> bytes:
        """A 32-byte key for one purpose (`links`, `codes`), of the given or the current key."""
        key_id = key_id or self.current
        if key_id not in self._keys and self._again:
            self._keys = dict(self._again())
        if key_id not in self._keys:
            raise Misconfigured("key_missing", key=key_id[:8])
        return hmac.new(self._keys[key_id], purpose.encode(), hashlib.sha256).digest()

    def _fernet(self, key_id: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive("seal", key_id)))


def new_key_line(number: int) -> str:
    """A line for the key file."""
    return f"k{number}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"


def parse_keys(text: str) -> Vault:
    """A vault from the lines of a key file; `Misconfigured("bad_key")` for anything else."""
    return Vault(_keys_in(text))


def _keys_in(text: str) -> dict[str, bytes]:
    keys = {}
    for line in text.split():
        key_id, _, value = line.partition(":")
        try:
            raw = base64.urlsafe_b64decode(value)
        except ValueError as error:
            raise Misconfigured("bad_key") from error
        if not key_id or len(raw) != 32:
            raise Misconfigured("bad_key")
        keys[key_id] = raw
    return keys


def write_key_file(path: Path) -> None:
    """A new key file, readable by its owner alone; an existing one is never overwritten."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(new_key_line(1) + "\n")


def read_key_file(path: Path) -> Vault:
    """The vault of a key file; refuses one that others may read."""
    return Vault(_keys_of(path), lambda: _keys_of(path))


def _keys_of(path: Path) -> dict[str, bytes]:
    try:
        if path.stat().st_mode & 0o077:
            raise Misconfigured("key_file_open", file=path.name)
        return _keys_in(path.read_text("ascii"))
    except FileNotFoundError as error:
        raise Misconfigured("no_key_file", file=str(path)) from error


def add_key(path: Path) -> Vault:
    """The vault of a key file with one more key, which seals from now on. The file is whole at every moment.

    The caller holds the folder, so that nobody else adds a key meanwhile.
    """
    known = read_key_file(path)
    numbers = [int(key[1:]) for key in known.key_ids if key[1:].isdigit()]
    lines = [*path.read_text("ascii").split(), new_key_line(max(numbers, default=0) + 1)]
    with replacing(path) as file:
        file.write(("\n".join(lines) + "\n").encode())
    return read_key_file(path)
