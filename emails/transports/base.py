"""The contract of a way out for mails, and the settings it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Literal, Protocol

TransportName = Literal["smtp", "api", "folder"]
StartTls = Literal["auto", "required", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """`[mail]` of the settings; times in seconds.

    `starttls`: `auto` encrypts wherever the server offers it, except to this very machine, and never logs in
    over a plain line to another one; `required` refuses a server without; `off` never encrypts. Port 465 is
    encrypted from the first byte. `ca_file` names a PEM file for a server whose certificate is the owner's own.
    `verdict_timeout` is how long the server may think about a whole mail (RFC 5321, 4.5.3.2.6 says up to ten
    minutes); giving up earlier risks a second copy. `bounces_to` is the mailbox that bounces go to, with the mail's
    id behind a plus sign (VERP); empty sends them to From. `api_*` belong to the transport `api`.
    """

    transport: TransportName = "folder"
    host: str = "localhost"
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: StartTls = "auto"
    folder: str = "mails"
    bounces_to: str = ""
    api_url: str = "https://api.postmarkapp.com"
    api_token: str = field(default="", repr=False)
    api_stream: str = "outbound"
    ca_file: str = ""
    timeout: float = 30
    verdict_timeout: float = 300


class Answer(Protocol):
    """An HTTP answer read whole; `headers` have lower-case names."""

    @property
    def status(self) -> int: ...  # noqa: D102 - says what it is

    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def body(self) -> bytes: ...  # noqa: D102


class Request(Protocol):
    """The one door for HTTP, as it is handed to a transport: see `connectors.http.Http.request`."""

    def __call__(self, method: str, url: str, *, headers: Mapping[str, str], json: Any = None) -> Answer:  # noqa: D102
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at the other side found, without a mail: who answers, and whether mails leave from there."""

    place: str
    encrypted: bool = True
    logged_in: bool = True
    delivers: bool = True


class Transport(ABC):
    """A way out; safe to use from several threads."""

    @abstractmethod
    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:
        """Hand the mail over; a return means that the other side has taken it.

        Raises `Temporary` (not taken, try again), `Permanent` (this mail will never be taken), `Refused` (the
        server or our sender is at fault: every other mail would fare alike) and `Ambiguous` (the content went
        out and no verdict came back).
        """

    def probe(self) -> Probe:
        """Reach the other side and log in, and send nothing. Raises as `send` does."""
        return Probe("", delivers=False)

    @abstractmethod
    def close(self) -> None:
        """Let go of connections; the transport can be used again."""
