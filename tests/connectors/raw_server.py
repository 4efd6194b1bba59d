"""A TCP server that answers every request with the bytes it was given, then holds on or hangs up."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType


class RawServer(ThreadingTCPServer):
    """`with RawServer(b"HTTP/1.1 200 OK...") as server`: `server.url`, `server.requests`; `hold` never hangs up,
    `drip` sends one more byte every so many seconds."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, answer: bytes, *, hold: bool = False, drip: float = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.hold = hold
        self.drip = drip
        self.tls = tls
        self.over = threading.Event()
        self.requests: list[bytes] = []
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> RawServer:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseRequestHandler):
    server: RawServer

    def handle(self) -> None:
        try:
            line = self.server.tls.wrap_socket(self.request, server_side=True) if self.server.tls else self.request
            self.server.requests.append(_whole(line))
            line.sendall(self.server.answer)
            while self.server.drip and not self.server.over.wait(self.server.drip):
                line.sendall(b"x")
            if self.server.hold:
                self.server.over.wait()
            line.close()
        except OSError:
            return


def _whole(line: socket.socket) -> bytes:
    """Head and body; a client sends them in two pieces."""
    sent = line.recv(65536)
    head, _, body = sent.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; `headers` in snake_case, `content_length` overrides the true one."""
    named = {"content_type": "application/json", "content_length": str(len(body)), "connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body
