"""A real SMTP server on loopback (aiosmtpd) that can be told to fail at any stage."""

# ruff: noqa: N802 - aiosmtpd names its hooks after the commands
from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Stage = Literal["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "DOT", "STARTTLS", "RSET"]
Fault = str
"""An answer such as `450 4.2.0 busy`, or `drop` (hang up), or `hang` (say nothing for ever), or `think`.

Who thinks sets `MailDesk.thinking`, says nothing for as long as the fault stands, and then does as asked.
"""


@dataclass
class Received:
    """A mail as it came in."""

    sender: str
    recipients: list[str]
    content: bytes
    options: list[str] = field(default_factory=list)


class Desk(SMTP):
    """The protocol, with faults put in before each command's own answer."""

    async def fault(self, stage: Stage) -> bool:
        wanted: Fault = self.event_handler.faults.get(stage, "")
        self.event_handler.played += bool(wanted)
        if wanted == "drop":
            self.event_handler.lines[-1].abort()
        elif wanted == "hang":
            await asyncio.Event().wait()
        elif wanted == "think":
            self.event_handler.thinking.set()
            while self.event_handler.faults.get(stage) == wanted:
                await asyncio.sleep(0.01)
            return False
        elif wanted:
            await self.push(wanted)
        return bool(wanted)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.lines.append(transport)

    async def _handle_client(self) -> None:
        self.event_handler.connections += 1
        if not await self.fault("GREETING"):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self.fault("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self.fault("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self.fault("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_RSET(self, arg: str | None) -> None:
        if not await self.fault("RSET"):
            await super().smtp_RSET(arg)

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        if not await self.fault("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_DATA(self, arg: str | None) -> None:
        if await self.fault("DATA"):
            return
        if "CONTENT" in self.event_handler.faults:
            await self.push("354 go on")
            await self.fault("CONTENT")
        else:
            await super().smtp_DATA(arg)


class MailDesk:
    """What came in, and which faults to play; `faults` may be changed while the server runs."""

    def __init__(self, **faults: Fault) -> None:
        self.faults: dict[str, Fault] = dict(faults)
        self.mails: list[Received] = []
        self.connections = 0
        self.played = 0  # faults
        self.lines: list[Any] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.port = 0
        self.thinking = threading.Event()

    async def handle_DATA(self, server: Desk, session: Session, envelope: Envelope) -> str:
        if self.faults.get("DOT") == "think":
            await server.fault("DOT")
        fault = self.faults.get("DOT", "")
        content = envelope.original_content or b""
        if not fault.startswith(("4", "5")):
            self.mails.append(
                Received(envelope.mail_from or "", list(envelope.rcpt_tos), content, list(envelope.mail_options))
            )
        if fault in {"drop", "hang"}:
            await server.fault("DOT")
        return fault or "250 2.0.0 taken"

    def check(self, server: Desk, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def mail_server(
    desk: MailDesk, tls: ssl.SSLContext | None = None, wrapped: bool = False, login: bool = False, **options: Any
) -> Iterator[MailDesk]:
    """Serve `desk` on a free port of 127.0.0.1 (`desk.port`) until the block ends.

    `tls` is offered by STARTTLS, or spoken from the first byte when `wrapped`.
    """
    loop = asyncio.new_event_loop()
    starttls = None if wrapped else tls
    if login:
        options |= {"authenticator": desk.check, "auth_require_tls": False}

    def protocol() -> Desk:
        return Desk(desk, hostname="mail.test", ident="test", tls_context=starttls, loop=loop, **options)

    serving = loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if wrapped else None)
    server = loop.run_until_complete(serving)
    desk.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server, desk), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stop(server: asyncio.Server, desk: MailDesk) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for line in desk.lines:
        line.abort()
    await asyncio.sleep(0)  # one turn of the loop, in which the lines close
