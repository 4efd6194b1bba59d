"""SMTP with kept connections, and an error that says how far a mail got."""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from datetime import datetime
from email.message import EmailMessage

from emails.bounces import bounce_address
from emails.message import recipients, sender, serialise
from emails.transports.base import MailServer, Probe, Transport
from emails.transports.verdicts import Stage, judge, judge_content, without_reader
from integration.domain.errors import Ambiguous, Permanent, Refused, Temporary

_MAILS_PER_CONNECTION = 100
_ENCRYPTED_PORT = 465
_PARTING = 2.0  # seconds for the server's goodbye


class SmtpTransport(Transport):
    """One connection per thread, kept for up to 100 mails."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._connections: set[smtplib.SMTP] = set()
        self._busy: set[smtplib.SMTP] = set()

    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:  # noqa: ARG002 - a server asks for neither kind nor time
        """See `Transport`."""
        connection = self._connection()
        self._busy.add(connection)
        try:
            self._hand_over(connection, message, mail_id)
        except smtplib.SMTPServerDisconnected as error:
            raise Temporary("mail_dropped", host=self._server.host) from error
        finally:
            self._busy.discard(connection)
            if connection.sock is None:
                self._forget(connection)

    def probe(self) -> Probe:
        """See `Transport`."""
        connection = self._connect()
        encrypted = isinstance(connection.sock, ssl.SSLSocket)
        _hang_up(connection)
        return Probe(f"{self._server.host}:{self._server.port}", encrypted, bool(self._server.username))

    def close(self) -> None:
        """See `Transport`. A mail that is under way is cut off and left in doubt: its server may think for minutes."""
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            if connection in self._busy:
                _cut(connection)
            else:
                _hang_up(connection)

    # -- one mail -------------------------------------------------------------------------------------

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage, mail_id: str) -> None:
        raw = serialise(message)
        answers_to = bounce_address(self._server.bounces_to, mail_id) or sender(message)
        _expect("sender", connection.mail(answers_to, _mail_options(connection, message, len(raw))), message)
        for recipient in recipients(message):
            _expect("recipient", connection.rcpt(recipient), message)
        _expect("content", connection.docmd("DATA"), message, wanted=354)
        _expect_verdict(connection, raw, message, self._server.verdict_timeout)
        if connection.sock is not None:
            connection.sock.settimeout(self._server.timeout)

    # -- connections ------------------------------------------------------------------------------------

    def _connection(self) -> smtplib.SMTP:
        kept: smtplib.SMTP | None = getattr(self._mine, "connection", None)
        if kept is not None and self._mine.mails < _MAILS_PER_CONNECTION and _still_there(kept):
            self._mine.mails += 1
            return kept
        if kept is not None:
            self._forget(kept)
        fresh = self._connect()
        self._mine.connection, self._mine.mails = fresh, 1
        with self._lock:
            self._connections.add(fresh)
        return fresh

    def _forget(self, connection: smtplib.SMTP) -> None:
        self._mine.connection = None
        with self._lock:
            self._connections.discard(connection)
        _hang_up(connection)

    def _connect(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        try:
            with ExitStack() as on_failure:
                connection = self._dial()
                on_failure.callback(connection.close)
                self._greet(connection)
                on_failure.pop_all()
        except smtplib.SMTPServerDisconnected as error:
            raise Temporary("mail_dropped", host=host) from error
        except smtplib.SMTPResponseException as error:
            judge("hello", error.smtp_code, _words(error.smtp_error))
        except ssl.SSLError as error:
            raise Refused("mail_server_untrusted", host=host) from error
        except OSError as error:
            raise Refused("mail_server_unreachable", host=host, port=port) from error
        return connection

    def _dial(self) -> smtplib.SMTP:
        server = self._server
        if server.port == _ENCRYPTED_PORT and server.starttls != "off":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=self._trust())
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout)

    def _greet(self, connection: smtplib.SMTP) -> None:
        connection.ehlo_or_helo_if_needed()
        encrypted = isinstance(connection, smtplib.SMTP_SSL) or self._encrypt(connection)
        if self._server.username:
            if not (encrypted or self._server.starttls == "off" or _is_this_machine(self._server.host)):
                raise Refused("mail_server_untrusted", host=self._server.host)
            self._log_in(connection)

    def _encrypt(self, connection: smtplib.SMTP) -> bool:
        wish, host = self._server.starttls, self._server.host
        if wish == "off" or (wish == "auto" and _is_this_machine(host)):
            return False
        if not connection.has_extn("starttls"):
            if wish == "required":
                raise Refused("mail_server_untrusted", host=host)
            return False
        connection.starttls(context=self._trust())
        connection.ehlo()
        return True

    def _log_in(self, connection: smtplib.SMTP) -> None:
        try:
            connection.login(self._server.username, self._server.password)
        except smtplib.SMTPAuthenticationError as error:
            judge("login", error.smtp_code, _words(error.smtp_error))
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, ValueError) as error:  # no AUTH offered; a password outside ASCII
            raise Refused("mail_login_refused", reply="") from error

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file or None)


def _mail_options(connection: smtplib.SMTP, message: EmailMessage, size: int) -> list[str]:
    options = [f"size={size}"] if connection.has_extn("size") else []
    if not all(recipient.isascii() for recipient in recipients(message)):
        if not connection.has_extn("smtputf8"):
            raise Permanent("smtputf8_unsupported")
        options.append("SMTPUTF8")
    return options


def _expect(stage: Stage, answer: tuple[int, bytes], message: EmailMessage, wanted: int = 0) -> None:
    code, text = answer
    if code == wanted or (not wanted and 200 <= code <= 299):
        return
    judge(stage, code, without_reader(_words(text), message))


def _expect_verdict(connection: smtplib.SMTP, raw: bytes, message: EmailMessage, timeout: float) -> None:
    """Send the content and wait; from the first byte on, silence does not mean that it was not taken."""
    try:
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        connection.send(re.sub(rb"(?m)^\.", b"..", raw) + b".\r\n")
        code, text = connection.getreply()
    except (smtplib.SMTPException, OSError) as error:
        connection.close()
        raise Ambiguous("mail_no_verdict") from error
    judge_content(code, without_reader(_words(text), message))


def _still_there(connection: smtplib.SMTP) -> bool:
    try:
        return connection.rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _cut(connection: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):  # gone already
        connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def _hang_up(connection: smtplib.SMTP) -> None:
    try:
        if connection.sock is not None:
            connection.sock.settimeout(_PARTING)
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _words(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
