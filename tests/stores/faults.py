"""What goes wrong between us and a store: a proxy in front of any store server that spoils answers on demand."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

_HTML = b"<!doctype html><title>Wartung</title><h1>Please wait, checking your browser</h1>"


class Faults(ThreadingHTTPServer):
    """`with Faults(store_url) as faults:` call `faults.url`; set `faults.now` to a name of `NAMES`.

    Faults that damage an answer let the request through to the store first: what was asked for has happened.
    `reaches_store` says which. `once` heals the fault after the first request that met it; `only` leaves alone all
    requests without that word in their line. Beside `NAMES` there are two caches: `cached` gives everybody the first
    good answer it saw at an address, whatever its query, and `leaks` does so to those who bring no keys.
    """

    daemon_threads = True

    def __init__(self, upstream: str, *, only: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.now = ""
        self.once = False
        self.only = only
        self.kept: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.seen = 0
        self.over = threading.Event()

    def __enter__(self) -> Faults:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def take(self, line: str) -> str:
        """The fault for the request at hand."""
        fault, self.seen = self.now if self.only in line else "", self.seen + 1
        if self.once:
            self.now = ""
        return fault


class _Handler(BaseHTTPRequestHandler):
    server: Faults

    def log_message(self, *args: object) -> None:
        return

    def _serve(self) -> None:
        fault = self.server.take(self.requestline)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if fault in _INSTEAD:
                self._answer(*_INSTEAD[fault])
            elif fault in ("cached", "leaks"):
                self._from_cache(body, anybody=fault == "cached")
            else:
                _AFTER[fault](self, *self._forward(body))
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _from_cache(self, body: bytes, *, anybody: bool) -> None:
        place = self.path.partition("?")[0]
        if place in self.server.kept and (anybody or not self.headers.get("Authorization")):
            status, headers, content = self.server.kept[place]
            return self._answer(status, headers | {"Age": "120", "X-Cache": "HIT"}, content)
        found = self._forward(body)
        if found[0] == 200:
            self.server.kept[place] = found
        return self._answer(*found)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        line = http.client.HTTPConnection(self.server.upstream, timeout=10)
        passed = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        line.request(self.command, self.path, body, passed)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        dropped = ("content-length", "connection", "date", "server", "transfer-encoding")
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in dropped}
        return answer.status, kept, content

    def _answer(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _cut_json(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._answer(status, headers, body[: len(body) // 2])

    def _short(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._answer(status, headers, body, len(body) + 100)

    def _as_html(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._answer(200, {"Content-Type": "text/html"}, _HTML)

    def _hang(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.server.over.wait()

    def _hang_up(self, status: int, headers: dict[str, str], body: bytes) -> None:
        return


_JSON = {"Content-Type": "application/json"}
_INSTEAD: dict[str, tuple[int, dict[str, str], bytes]] = {
    "429": (429, {"Retry-After": "7", **_JSON}, b'{"code":"rest_too_many_requests"}'),
    "500": (500, {"Content-Type": "text/html"}, b"<h1>There has been a critical error</h1>"),
    "503": (503, {"Retry-After": "120", "Content-Type": "text/html"}, _HTML),
    "401": (401, _JSON, b'{"code":"rest_not_logged_in"}'),
    "403": (403, {"Content-Type": "text/html"}, b"<h1>Forbidden</h1>"),
    "404": (404, {"Content-Type": "text/html"}, b"<h1>Not found</h1>"),
    "redirect": (301, {"Location": "http://169.254.169.254/"}, b""),
    "html": (200, {"Content-Type": "text/html; charset=UTF-8"}, _HTML),
    "rubbish": (200, _JSON, b"\xff\xfe{"),
    "list": (200, _JSON, b"[]"),
    "number": (201, _JSON, b"7"),
    "null": (200, _JSON, b"null"),
    "empty": (200, _JSON, b""),
}
_AFTER: dict[str, Callable[[_Handler, int, dict[str, str], bytes], None]] = {
    "": _Handler._answer,
    "cut json": _Handler._cut_json,
    "short": _Handler._short,
    "html after": _Handler._as_html,
    "hang": _Handler._hang,
    "hang up": _Handler._hang_up,
}
NAMES = (*_INSTEAD, *(name for name in _AFTER if name))


def reaches_store(fault: str) -> bool:
    """Whether the store did what was asked before the answer was spoilt."""
    return fault in _AFTER
