"""Calls the service by its public address, as a store and a shopper would, and names what is in the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.http import Response
from integration.domain.errors import Permanent, SinkError, Temporary
from integration.flows.findings import Finding
from integration.flows.services import Services
from integration.vault import Vault

PATH = "/healthz/echo"
HEADER = "X-Postventa-Check"
BODY_MAX = 65_536
_VALID = timedelta(days=1)
_SKEW = timedelta(seconds=60)
# Signs that something on the way likes to change: other alphabets, quotes, markup, line ends, spaces.
_TRICKY = "ñ € 😀 \"'`<b>&amp;</b> 100 % \\ // \r\n\t  ; -- =?utf-8?q?x?="


def echo(services: Services, check: str, body: bytes, seen: Mapping[str, object]) -> dict[str, Any] | None:
    """What arrived, for a question that was signed with one of our keys; `None` for anybody else's.

    Never the body, only its digest, so that nobody can have us say something; signed again, so that whoever asked
    knows that this service answered and no other.
    """
    stamp, _, rest = check.partition(".")
    nonce, _, signature = rest.partition(".")
    key_id = next(
        (one for one in services.vault.key_ids if _same(signature, _sign(services.vault, one, stamp, nonce))), None
    )
    now = services.clock()
    if key_id is None or len(body) > BODY_MAX or not _fresh(stamp, now):
        return None
    told = {"digest": hashlib.sha256(body).hexdigest(), "at": now.isoformat(), **seen}
    return told | {"signature": _sign(services.vault, key_id, nonce, _spelled(told))}


def look(services: Services) -> list[Finding]:
    """What a call from outside meets, in the order it would meet it; nothing without an https address."""
    url = services.settings.server.public_url.rstrip("/")
    if not url.startswith("https://"):
        return []
    now, nonce = services.clock(), secrets.token_hex(16)
    body = {"nonce": nonce, "text": _TRICKY, "filling": secrets.token_hex(512)}
    stamp = str(int(now.timestamp()))
    signature = _sign(services.vault, _oldest(services.vault), stamp, nonce)
    try:
        answer = services.http.request("POST", url + PATH, headers={HEADER: f"{stamp}.{nonce}.{signature}"}, json=body)
    except SinkError as error:
        return [_not_reached(error, url)]
    told = _told(services, answer, nonce)
    if told is None:
        return [_not_ours(answer, url)]
    return _arrived(services, answer, told, hashlib.sha256(json.dumps(body).encode()).hexdigest())


def _not_reached(error: SinkError, url: str) -> Finding:
    parts = urlsplit(url)
    params = {"host": parts.hostname or "?", "port": parts.port or 443, "why": str(error.params.get("reason", ""))}
    if isinstance(error, Temporary) and error.params.get("reason") == "name":
        return Finding("reach_name", ok=False, params=params)
    if isinstance(error, Temporary) and error.params.get("reason") == "connect":
        return Finding("reach_port", ok=False, params=params)
    if isinstance(error, Permanent) and error.code == "private_host":
        return Finding("reach_private", ok=False, params=params)
    if isinstance(error, Permanent) and error.code == "bad_url":
        return Finding("reach_address", ok=False, params={"url": url})
    if error.code == "bad_certificate" or error.params.get("reason") == "tls":
        return Finding("reach_certificate", ok=False, params=params)
    return Finding("reach_answer", ok=False, params=params)


def _not_ours(answer: Response, url: str) -> Finding:
    if 300 <= answer.status <= 399:
        to = urlsplit(answer.headers.get("location", ""))
        there = f"{to.scheme}://{to.netloc}" if to.netloc else to.path
        return Finding("reach_redirect", ok=False, params={"url": url, "there": there[:100], "status": answer.status})
    return Finding("reach_stranger", ok=False, params={"url": url, "status": answer.status})


def _arrived(services: Services, answer: Response, told: dict[str, Any], digest: str) -> list[Finding]:
    server = services.settings.server
    proxies = {"hops": told["hops"], "trusted": server.trusted_proxies}
    skew = _skew(services, answer, told)
    return [
        Finding("reach_body", ok=told["digest"] == digest, params={"url": server.public_url}),
        Finding("reach_proxies", ok=told["hops"] == server.trusted_proxies, params=proxies),
        Finding("reach_scheme", ok=told["scheme"] == "https", params={"scheme": told["scheme"]}),
        Finding("reach_clock", ok=skew <= _SKEW, params={"seconds": int(skew.total_seconds())}),
    ]


def _skew(services: Services, answer: Response, told: dict[str, Any]) -> timedelta:
    """The most that two clocks differ: ours, the service's, and that of whatever stands in front of it."""
    clocks = [services.clock(), datetime.fromisoformat(told["at"])]
    with suppress(TypeError, ValueError):
        clocks.append(parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC))
    return max(clocks) - min(clocks)


def _told(services: Services, answer: Response, nonce: str) -> dict[str, Any] | None:
    try:
        told = json.loads(answer.body) if answer.status == 200 else None
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    signature = str(told.pop("signature", ""))
    return told if _same(signature, _sign(services.vault, _oldest(services.vault), nonce, _spelled(told))) else None


def _oldest(vault: Vault) -> str:
    """The key that a service knows that has not met the newest yet: it reads its file again only when it has to."""
    return vault.key_ids[0]


def _spelled(told: Mapping[str, Any]) -> str:
    return json.dumps(dict(told), sort_keys=True)


def _sign(vault: Vault, key_id: str, *parts: str) -> str:
    return hmac.new(vault.derive("reach", key_id), "|".join(parts).encode(), hashlib.sha256).hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right.encode())


def _fresh(stamp: str, now: datetime) -> bool:
    return (
        stamp.isascii()
        and stamp.isdigit()
        and len(stamp) < 12
        and abs(now.timestamp() - int(stamp)) < _VALID.total_seconds()
    )
