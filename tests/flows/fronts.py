"""What stands in front of a service: a TLS server that passes requests on to the app, well or badly."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask


@dataclass
class Front:
    """Its manners: `change` rewrites bodies, `hops` how many say who calls, `redirect` where it sends everybody."""

    app: Flask | None = None
    change: Callable[[bytes], bytes] = field(default=lambda body: body)
    hops: int = 1
    proto: str = "https"
    redirect: str = ""
    page: bytes = b""
    date: datetime | None = None
    hangs_up: bool = False
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0


class _Handler(BaseHTTPRequestHandler):
    front: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        front = self.front
        front.asked.append((self.path, body))
        if front.hangs_up:
            return
        if front.redirect:
            self._say(301, b"", Location=front.redirect)
        elif front.page or front.app is None:
            self._say(200, front.page, **{"Content-Type": "text/html"})
        else:
            self._pass_on(front.app, body)

    def _pass_on(self, app: Flask, body: bytes) -> None:
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("content-length", "host")}
        if self.front.hops:
            kept["X-Forwarded-For"] = ", ".join(f"192.0.2.{hop}" for hop in range(self.front.hops))
            kept["X-Forwarded-Proto"] = self.front.proto
        got = app.test_client().open(
            self.path, method="POST", headers=kept, data=self.front.change(body), base_url="http://127.0.0.1:8000"
        )
        self._say(got.status_code, got.get_data(), **{"Content-Type": got.content_type})

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.front.date or datetime.now(UTC), usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who does not like our certificate hangs up; that is part of the test."""


@contextmanager
def front_of(front: Front, certificate: Path) -> Iterator[Front]:
    """Serve it with TLS on a free port of 127.0.0.1 (`front.port`) until the block ends."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": front}))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    front.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def certificate_for(folder: Path, *addresses: str) -> Path:
    """A self-signed certificate with its key, in one PEM file that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, addresses[0])])
    today = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(one)) for one in addresses])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = folder / f"{addresses[0]}.pem"
    path.write_bytes(pem)
    return path
