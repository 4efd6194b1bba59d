"""Postmark's HTTPS mail API, for machines whose host blocks the ports of mail."""

from __future__ import annotations

import base64
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from emails.transports.api_verdicts import judge_answer
from emails.transports.base import Answer, MailServer, Probe, Request, Transport
from integration.domain.errors import Ambiguous, Misconfigured, Permanent, Refused, SinkError, Temporary

# What has a field of its own, what Postmark writes itself (its Feedback-ID feeds the mailboxes' complaint loops),
# and what belongs to the MIME parts that it builds.
_NOT_CUSTOM = frozenset(
    "from to reply-to subject date mime-version content-type content-transfer-encoding feedback-id".split()
)


class ApiTransport(Transport):
    """`POST /email`: one mail as JSON, for Postmark takes no raw MIME. Nothing is tracked (A20)."""

    def __init__(self, server: MailServer, request: Request) -> None:
        if not server.api_token:
            raise Misconfigured("no_api_token")
        self._server = server
        self._request = request

    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:
        """See `Transport`. Postmark knows no idempotency key: a lost answer stays `Ambiguous`."""
        fields = _fields(message) | {
            "Tag": kind,
            "Metadata": {"mail_id": mail_id},  # comes back with every event about this mail
            "MessageStream": self._server.api_stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        judge_answer(self._call("POST", "/email", fields), message, at)

    def probe(self) -> Probe:
        """See `Transport`; a sandbox server takes every mail and delivers none."""
        told = judge_answer(self._call("GET", "/server"), None, None)
        return Probe(str(told.get("Name", self._host)), delivers=told.get("DeliveryType") != "Sandbox")

    def close(self) -> None:
        """The door keeps its own connections."""

    @property
    def _host(self) -> str:
        return urlsplit(self._server.api_url).hostname or "?"

    def _call(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Answer:
        url = self._server.api_url.rstrip("/") + path
        headers = {"X-Postmark-Server-Token": self._server.api_token}
        try:
            return self._request(method, url, headers=headers, json=fields)
        except SinkError as error:
            raise self._in_terms_of_mail(error) from error

    def _in_terms_of_mail(self, error: SinkError) -> SinkError:
        """What the door for HTTP says, as a way out for mails says it."""
        if isinstance(error, Ambiguous):
            return Ambiguous("mail_no_verdict")
        if isinstance(error, Temporary):  # nobody at the address: as with a mail server, every mail would fare alike
            return Refused("mail_api_unreachable", host=self._host)
        if isinstance(error, Permanent) and error.code == "bad_certificate":
            return Refused("mail_api_untrusted", host=self._host)
        return Refused("mail_api_address", host=self._host)


def _fields(message: EmailMessage) -> dict[str, Any]:
    """The mail in Postmark's fields, with texts as readers see them: it encodes them itself."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return {
        "From": str(message["From"].addresses[0]),
        "To": str(message["To"].addresses[0]),
        "ReplyTo": str(message["Reply-To"]),
        "Subject": str(message["Subject"]),
        "TextBody": text.get_content() if text else "",
        "HtmlBody": html.get_content() if html else "",
        "Headers": _custom_headers(message),
        "Attachments": [_attachment(part) for part in message.iter_attachments()],
    }


def _custom_headers(message: EmailMessage) -> list[dict[str, str]]:
    headers = [(name, str(value)) for name, value in message.items() if name.lower() not in _NOT_CUSTOM]
    # Without this one Postmark puts a Message-ID of its own, and no answer would find its mail.
    return [{"Name": name, "Value": value} for name, value in (*headers, ("X-PM-KeepID", "true"))]


def _attachment(part: Any) -> dict[str, str]:
    content = base64.b64encode(part.get_payload(decode=True)).decode()
    return {"Name": part.get_filename(), "ContentType": part.get_content_type(), "Content": content}
