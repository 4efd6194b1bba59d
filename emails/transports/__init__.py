"""Ways out for mails: an SMTP server, an HTTPS mail API, or a folder that shows them."""

from __future__ import annotations

from emails.transports.api import ApiTransport
from emails.transports.base import MailServer, Probe, Request, Transport
from emails.transports.folder import FolderTransport
from emails.transports.smtp import SmtpTransport

__all__ = ["MailServer", "Probe", "Request", "Transport", "transport"]


def transport(server: MailServer, request: Request) -> Transport:
    """The transport that the settings name; `request` is the one door for HTTP."""
    if server.transport == "api":
        return ApiTransport(server, request)
    return SmtpTransport(server) if server.transport == "smtp" else FolderTransport(server)
