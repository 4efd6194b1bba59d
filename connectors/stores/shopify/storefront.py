"""Visits that a shop passes on from its own domain, signed in their query: the app proxy (facts 6)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from connectors.stores.shopify.webhook import shop_domain
from integration.domain.errors import BadSignature

FRESH = timedelta(seconds=90)
ONCE = ("shop", "signature", "timestamp")


def shop_of(query: str, secrets: Sequence[str], now: datetime) -> str:
    """The domain of the shop that signed this raw query within the last minute and a half; `BadSignature`.

    Shopify joins what was decoded, so two names of which one begins the other could be told apart by nobody; the page
    reads none but these three.
    """
    values = parse_qs(query, keep_blank_values=True, max_num_fields=50) if len(query) < 4000 else {}
    if any(len(values.get(name, ())) != 1 for name in ONCE):
        raise BadSignature("bad_signature")
    [given] = values.pop("signature")
    message = "".join(sorted(f"{name}={','.join(told)}" for name, told in values.items())).encode("utf-8", "replace")
    digests = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest() for secret in secrets if secret]
    matches = [hmac.compare_digest(digest.encode(), given.encode("utf-8", "replace")) for digest in digests]
    domain = shop_domain(values["shop"][0])
    if not any(matches) or not domain or not _fresh(values["timestamp"][0], now):
        raise BadSignature("bad_signature")
    return domain


def _fresh(told: str, now: datetime) -> bool:
    return told.isascii() and told.isdigit() and abs(now.timestamp() - int(told[:12])) <= FRESH.total_seconds()
