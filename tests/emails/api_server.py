"""Postmark's mail API on loopback: takes what it documents, refuses as it documents, and can be told to fail."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "b3c1f0aa-0000-4000-8000-000000000000"
OURS = "shop.example"
_KNOWN = {
    *("From", "To", "ReplyTo", "Subject", "TextBody", "HtmlBody", "Headers", "Attachments", "Tag", "Metadata"),
    *("MessageStream", "TrackOpens", "TrackLinks"),
}
_OWN_FIELD = {"from", "to", "cc", "bcc", "subject", "reply-to", "date", "content-type", "mime-version"}


@dataclass
class Fault:
    """An answer instead of the usual one: `hang` says nothing, `drop` hangs up, `cut` ends half-way."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = ""
    taken: bool = False


def refusal(status: int, code: int, message: str, **headers: str) -> Fault:
    """An answer in Postmark's own shape."""
    body = json.dumps({"ErrorCode": code, "Message": message}).encode()
    return Fault(status, body, {"Content-Type": "application/json", **headers})


class ApiDesk:
    """What came in, and what it will say next; `fault` may be changed while the server runs."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self.fields: list[dict[str, Any]] = []
        self.mails: list[bytes] = []
        self.inactive: set[str] = set()
        self.streams = {"outbound", "broadcast"}
        self.delivery_type = "Live"
        self.over = threading.Event()
        self.url = ""

    def take(self, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What `POST /email` answers to a right token."""
        wrong = self._refused(fields)
        if wrong:
            return 422, {"ErrorCode": wrong[0], "Message": wrong[1]}
        self.fields.append(fields)
        self.mails.append(composed(fields))
        number = f"00000000-0000-0000-0000-{len(self.mails):012d}"
        return 200, {
            "To": fields["To"], "SubmittedAt": "2026-11-21T15:04:06.0000000Z", "MessageID": number, "ErrorCode": 0,
            "Message": "OK",
        }  # fmt: skip

    def _refused(self, fields: dict[str, Any]) -> tuple[int, str] | None:
        sender, reader = parseaddr(fields.get("From", ""))[1], parseaddr(fields.get("To", ""))[1]
        own = [header["Name"] for header in fields["Headers"] if header["Name"].lower() in _OWN_FIELD]
        checks = [
            (sender.endswith(f"@{OURS}"), 400, f"The 'From' address you supplied ({sender}) is not a Sender Signature"),
            ("@" in reader and reader.isascii(), 300, f"Invalid 'To' address: '{reader}'."),
            (reader not in self.inactive, 406, f"You tried to send to inactive addresses: {reader}."),
            (fields.get("MessageStream") in self.streams, 1235, "The 'MessageStream' provided does not exist."),
            (set(fields) <= _KNOWN and not own, 300, f"Unknown fields or headers: {set(fields) - _KNOWN} {own}"),
            (len(fields.get("Tag", "")) <= 1000 and len(fields.get("Metadata", {})) <= 10, 300, "Invalid metadata"),
        ]
        return next(((code, words) for right, code, words in checks if not right), None)


def composed(fields: dict[str, Any]) -> bytes:
    """The mail as the API builds it; a Message-ID of ours stays only if it was asked to keep it."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=900))
    for name in ("From", "To", "Subject"):
        message[name] = fields[name]
    message["Reply-To"] = fields["ReplyTo"]
    headers = {header["Name"]: header["Value"] for header in fields["Headers"]}
    keeps = headers.pop("X-PM-KeepID", "") == "true"
    if not keeps:
        headers["Message-ID"] = "<made@mtasv.net>"
    message.set_content(fields["TextBody"])
    message.add_alternative(fields["HtmlBody"], subtype="html")
    for item in fields["Attachments"]:
        maintype, _, subtype = item["ContentType"].partition("/")
        message.add_attachment(base64.b64decode(item["Content"]), maintype, subtype, filename=item["Name"])
    for name, value in headers.items():  # last: setting the content clears what begins with "Content-"
        message[name] = value
    return message.as_bytes()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    desk: ApiDesk

    def do_POST(self) -> None:
        fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/email":
            self._say(404, {})
        elif self._right_token():
            self._answer(lambda: self.desk.take(fields))

    def do_GET(self) -> None:
        if self._right_token():
            server = {"ID": 1, "Name": "Mia", "DeliveryType": self.desk.delivery_type}
            self._answer(lambda: (200, server) if self.path == "/server" else (404, {}))

    def _right_token(self) -> bool:
        right = self.headers["X-Postmark-Server-Token"] == TOKEN
        if not right:
            self._say(401, {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied or it is bad."})
        return right

    def _answer(self, usual: Any) -> None:
        fault = self.desk.fault
        if fault is None or fault.taken:
            usual_answer = usual()
        if fault is None:
            self._say(*usual_answer)
        elif fault.how == "hang":
            self.desk.over.wait(30)
            self.close_connection = True
        elif fault.how == "drop":
            self.close_connection = True
        else:
            self._raw(fault.status, fault.body, fault.headers, cut=fault.how == "cut")

    def _say(self, status: int, fields: dict[str, Any]) -> None:
        self._raw(status, json.dumps(fields).encode(), {"Content-Type": "application/json"})

    def _raw(self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + 100 * cut))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or cut

    def log_message(self, *words: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is part of the test."""


@contextmanager
def api_server(desk: ApiDesk) -> Iterator[ApiDesk]:
    """Serve `desk` on a free port of 127.0.0.1 (`desk.url`) until the block ends."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"desk": desk}))
    desk.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        desk.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
