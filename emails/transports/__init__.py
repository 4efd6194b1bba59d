"""Ways out for mails: an SMTP server, or a folder that shows them."""

from __future__ import annotations

from emails.transports.base import MailServer, Transport
from emails.transports.folder import FolderTransport
from emails.transports.smtp import SmtpTransport

__all__ = ["MailServer", "Transport", "transport"]


def transport(server: MailServer) -> Transport:
    """The transport that the settings name."""
    return SmtpTransport(server) if server.transport == "smtp" else FolderTransport(server)
