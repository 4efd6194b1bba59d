"""The contract of a way out for mails, and the settings it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

TransportName = Literal["smtp", "folder"]
StartTls = Literal["auto", "required", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """`[mail]` of the settings; times in seconds.

    `starttls`: `auto` encrypts wherever the server offers it, except to this very machine, and never logs in
    over a plain line to another one; `required` refuses a server without; `off` never encrypts. Port 465 is
    encrypted from the first byte. `ca_file` names a PEM file for a server whose certificate is the owner's own.
    `verdict_timeout` is how long the server may think about a whole mail (RFC 5321, 4.5.3.2.6 says up to ten
    minutes); giving up earlier risks a second copy.
    """

    transport: TransportName = "folder"
    host: str = "localhost"
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: StartTls = "auto"
    folder: str = "mails"
    ca_file: str = ""
    timeout: float = 30
    verdict_timeout: float = 300


class Transport(ABC):
    """A way out; safe to use from several threads."""

    @abstractmethod
    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:
        """Hand the mail over; a return means that the other side has taken it.

        Raises `Temporary` (not taken, try again), `Permanent` (this mail will never be taken), `Refused` (the
        server or our sender is at fault: every other mail would fare alike) and `Ambiguous` (the content went
        out and no verdict came back).
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of connections; the transport can be used again."""
