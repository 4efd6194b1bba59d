"""The one door for HTTP to the outside: guarded against private addresses, redirects, size and time."""

from __future__ import annotations

import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url
from urllib3.util.connection import create_connection

from integration import __version__
from integration.domain.errors import Ambiguous, Misconfigured, Permanent, SinkError, Temporary

Resolve = Callable[[str, int], list[str]]
Connect = Callable[..., socket.socket]

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_CHUNK = 65_536
_ADDRESSES_TRIED = 4
_PATIENCE = 3
_NO_DELAY = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """`[http]` of the settings: seconds, bytes, and whether private hosts may be called (tests, demo)."""

    allow_private_hosts: bool = False
    ca_file: str = ""
    connect_timeout: float = 5
    read_timeout: float = 20
    max_bytes: int = 16_000_000


@dataclass(frozen=True, slots=True)
class Response:
    """An answer read whole and within its cap; `headers` have lower-case names, `url` is without its query."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def is_public(address: str) -> bool:
    """Whether a resolved address belongs to the open internet (D2).

    IPv6 counts only inside 2000::/3: that leaves out every way to write an IPv4 address in IPv6 (mapped,
    compatible, 64:ff9b::/96) which `is_global` lets pass, and 6to4 is left out by name.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed.is_global and parsed in _GLOBAL_UNICAST and parsed not in _SIX_TO_FOUR
    return parsed.is_global and not parsed.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """All A and AAAA addresses of a host, best first; `OSError` when the name has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Http:
    """Calls out; see `request`. One may be shared by several threads; it keeps no cookies.

    `resolver` and `connect` stand for DNS and TCP in tests.
    """

    def __init__(
        self, limits: HttpLimits, *, resolver: Resolve = resolve, connect: Connect = create_connection
    ) -> None:
        if limits.ca_file and not Path(limits.ca_file).is_file():
            raise Misconfigured("no_ca_file", path=limits.ca_file)
        self.limits = limits
        self.dates: dict[str, str] = {}  # the last `Date` of each host, to set our clock against
        # The adapter is used without a Session on purpose: a Session reads redirects, cookies, .netrc and proxies.
        self._adapter = _Adapter(_Dialler(limits, resolver, connect))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        auth: tuple[str, str] | None = None,
    ) -> Response:
        """One call, never repeated, never redirected.

        Raises `Permanent("bad_url")` for an address that is none or not https on port 443,
        `Permanent("private_host")` for one we must not call, `Permanent("bad_certificate")`,
        `Temporary("unreachable")` when no connection came about (nothing was sent), `Ambiguous("no_answer")`
        when a POST/PUT/PATCH/DELETE was sent and the whole answer did not come, `Temporary("no_answer")` for a
        GET, and in the same two ways `answer_too_large`. Statuses are not judged here: `connectors.answers` does.
        """
        prepared = self._prepare(method, url, headers or {}, params, json, auth)
        waits = (self.limits.connect_timeout, self.limits.read_timeout)
        verify = self.limits.ca_file or True
        try:
            answer = self._adapter.send(prepared, stream=True, timeout=waits, verify=verify)
            with closing(answer):
                body = _read(answer, method, self.limits.max_bytes)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _lost(method, "no_answer", _host(prepared.url)) from error
        lower = {name.lower(): value for name, value in answer.headers.items()}
        if "date" in lower:
            self.dates[_host(prepared.url)] = lower["date"]
        return Response(answer.status_code, lower, body, str(prepared.url).split("?")[0])

    def _prepare(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
        auth: tuple[str, str] | None,
    ) -> requests.PreparedRequest:
        named = {"User-Agent": f"Postventa/{__version__}", "Accept": "application/json", **headers}
        basic = auth and (auth[0].encode(), auth[1].encode())
        try:
            # `prepare` turns the host to punycode; the checks then see what will be called.
            prepared = requests.Request(method, url, named, params=params, json=json, auth=basic).prepare()
            allowed = self._allowed(str(prepared.url))
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise Permanent("bad_url", host=_host(url)) from error
        if not allowed:
            raise Permanent("bad_url", host=_host(prepared.url))
        return prepared

    def _allowed(self, url: str) -> bool:
        parts = parse_url(url)
        if parts.auth is not None or not parts.host:
            return False
        if self.limits.allow_private_hosts:
            return parts.scheme in ("http", "https")
        return parts.scheme == "https" and parts.port in (None, 443)


def _read(answer: requests.Response, method: str, most: int) -> bytes:
    body = bytearray()
    while piece := answer.raw.read1(_CHUNK, decode_content=True):
        body += piece
        if len(body) > most:
            raise _lost(method, "answer_too_large", _host(answer.url))
    return bytes(body)


def _lost(method: str, code: str, host: str) -> SinkError:
    changing = method.upper() in _CHANGING
    return Ambiguous(code, host=host) if changing else Temporary(code, host=host)


def _host(url: str | None) -> str:
    """The host for an error message: never a path, query or password, which may hold secrets."""
    try:
        return (parse_url(url or "").host or "?")[:80]
    except HTTPError:
        return "?"


class _Dialler:
    """Looks a name up once, refuses it if any address is private, and connects to what it looked at.

    That the check and the connection use the same answer is what a rebinding DNS cannot get around; the
    connection still carries the host name, so `Host`, SNI and the certificate check are the usual ones.
    """

    def __init__(self, limits: HttpLimits, resolver: Resolve, connect: Connect) -> None:
        self._limits = limits
        self._resolver = resolver
        self._connect = connect

    def dial(self, host: str, port: int) -> socket.socket:
        try:
            addresses = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise Temporary("unreachable", host=host[:80], reason="name") from error
        if not self._limits.allow_private_hosts and not all(is_public(address) for address in addresses):
            raise Permanent("private_host", host=host[:80])
        for address in addresses[:_ADDRESSES_TRIED]:
            try:
                return self._connect((address, port), self._limits.connect_timeout, None, _NO_DELAY)
            except OSError:
                continue
        raise Temporary("unreachable", host=host[:80], reason="connect")


class _UntilThen(io.RawIOBase):
    """What a socket gives until a moment: its time-out is for each piece, and pieces may drip for weeks."""

    def __init__(self, line: socket.socket, raw: io.RawIOBase) -> None:
        self._line, self._raw = line, raw
        self._each = line.gettimeout() or 0.0
        self._end = time.monotonic() + _PATIENCE * self._each

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._line.settimeout(min(self._each, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimelyAnswer(HTTPResponse):
    """An answer, from its first line to its last byte, within `_PATIENCE` times the time-out of a piece."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_UntilThen(sock, self.fp.detach()))


class _Guarded(HTTPConnection):
    dialler: ClassVar[_Dialler]
    response_class = _TimelyAnswer

    def _new_conn(self) -> socket.socket:
        return self.dialler.dial(self.host, self.port or self.default_port)

    def connect(self) -> None:
        # What fails in here failed before a byte of the request was sent; what fails later may have been acted on.
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            reason = (error.verify_message or "")[:80]
            raise Permanent("bad_certificate", host=self.host[:80], reason=reason) from error
        except (OSError, HTTPError) as error:
            raise Temporary("unreachable", host=self.host[:80], reason="tls") from error


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    def __init__(self, dialler: _Dialler) -> None:
        plain = type("Plain", (_Guarded,), {"dialler": dialler})
        tls = type("Tls", (_GuardedTls,), {"dialler": dialler})
        super().__init__()
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
