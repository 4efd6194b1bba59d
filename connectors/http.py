"""The one door for HTTP to the outside: guarded against private addresses, redirects, size and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests


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
    """An answer read whole and within its cap; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Http:
    """A session that calls out; see `request`."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self._session = requests.Session()
        self._session.trust_env = False

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

        Raises `Permanent("private_host")` for an address we must not call, `Temporary("unreachable")` when no
        connection came about (nothing was sent), `Ambiguous("no_answer")` when a POST/PUT/DELETE was sent and the
        answer did not come, `Temporary("no_answer")` for a GET, `Temporary("answer_too_large")`.
        Statuses are not judged here: `connectors.answers` does that.
        """
        raise NotImplementedError
