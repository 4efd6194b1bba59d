"""Mails as `.eml` files in a folder: the embedded default, shown by the demo's mailbox page."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from emails.message import serialise
from emails.transports.base import MailServer, Probe, Transport
from integration.domain.errors import Refused


class FolderTransport(Transport):
    """Writes `<folder>/<time>-<kind>-<mail id>.eml`, each whole or not at all, readable by the owner only."""

    def __init__(self, server: MailServer) -> None:
        self._folder = Path(server.folder)

    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:
        """See `Transport`; a folder that cannot be written pauses the stream."""
        name = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{kind}-{mail_id}.eml"
        self._write(name, serialise(message))

    def probe(self) -> Probe:
        """See `Transport`."""
        self._write(".probe", b"")
        (self._folder / ".probe").unlink(missing_ok=True)
        return Probe(str(self._folder), delivers=False)

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_whole(self._folder / name, content)
        except OSError as error:
            raise Refused("mail_folder_unwritable", folder=str(self._folder), why=error.strerror) from error

    def close(self) -> None:
        """Nothing is held open."""


def _write_whole(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
