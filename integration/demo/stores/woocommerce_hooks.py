"""A WooCommerce shop's webhooks: the unsigned ping, one signed POST per event, and how they get switched off."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import secrets
import ssl
from copy import deepcopy
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from integration.clock import Clock
from integration.demo.stores.woocommerce_fields import WpError, missing

Json = dict[str, Any]

_TOPIC = re.compile(r"(order|product|coupon|customer)\.(created|updated|deleted|restored)|action\.(woocommerce|wc)_\w+")
_AGENT = "WooCommerce/10.5.0 Hookshot (WordPress/6.8.7)"
_FAILURES_BORNE = 5
_PING_TIMEOUT = 5
_TIMEOUT = 60


class Hooks:
    """The shop's webhooks by id. Each event is POSTed once and never again. `ca_file` is whom the shop trusts."""

    def __init__(self, source: str, now: Clock) -> None:
        self.ca_file: str | None = None
        self._source = source
        self._now = now
        self._lock = RLock()
        self._hooks: dict[int, Json] = {}
        self._secrets: dict[int, str] = {}

    def create(self, hook_id: int, asked: Json) -> Json:
        """POST /webhooks: pings the receiver before it answers; whether that works changes no status code."""
        for name in ("topic", "delivery_url"):
            if name not in asked:
                raise missing(name)
        if not _TOPIC.fullmatch(str(asked["topic"])):
            raise WpError(400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic must be valid.")
        if urlsplit(str(asked["delivery_url"])).scheme not in ("http", "https"):
            told = "Webhook delivery URL must start with http:// or https://."
            raise WpError(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", told)
        hook = {"id": hook_id, "name": str(asked.get("name") or "Webhook"), "status": "active", "failure_count": 0}
        hook |= {"topic": asked["topic"], "delivery_url": asked["delivery_url"], "pending_delivery": True}
        with self._lock:
            self._hooks[hook_id] = hook
            self._secrets[hook_id] = str(asked.get("secret") or secrets.token_hex(25))
        self._ping(hook)
        return self.one(hook_id)

    def one(self, hook_id: int) -> Json:
        """The webhook as REST shows it: never its secret, nor what is only in the database."""
        with self._lock:
            hidden = ("pending_delivery", "failure_count")
            return {name: value for name, value in self._hook(hook_id).items() if name not in hidden}

    def failures(self, hook_id: int) -> int:
        """How many deliveries failed in a row; in a real store only its database tells."""
        with self._lock:
            return int(self._hook(hook_id)["failure_count"])

    def all(self) -> list[Json]:
        """GET /webhooks."""
        with self._lock:
            return [self.one(hook_id) for hook_id in self._hooks]

    def change(self, hook_id: int, asked: Json) -> Json:
        """PUT: re-activating keeps the count of failures, and pings again while the first ping is owed."""
        with self._lock:
            hook = self._hook(hook_id)
            hook |= {name: asked[name] for name in ("status", "delivery_url", "name", "topic") if name in asked}
            if "secret" in asked:
                self._secrets[hook_id] = str(asked["secret"])
        if hook["pending_delivery"]:
            self._ping(hook)
        return self.one(hook_id)

    def delete(self, hook_id: int) -> Json:
        """DELETE: gone."""
        with self._lock:
            shown = self.one(hook_id)
            del self._hooks[hook_id]
            return shown

    def deliver(self, topic: str, body: bytes) -> list[int]:
        """POST the body to each active webhook of the topic, once; their answers, 0 for none."""
        with self._lock:
            wanted = [deepcopy(hook) for hook in self._hooks.values() if hook["topic"] == topic]
        return [self._post(hook, body) for hook in wanted if hook["status"] == "active"]

    def headers(self, topic: str, body: bytes, secret: str, hook_id: int) -> dict[str, str]:
        """The headers of a delivery. Its id is made of the webhook and the second, so it is not unique."""
        second = f"{hook_id}.{int(self._now().timestamp())}"
        resource, _, event = topic.partition(".")
        return {
            "User-Agent": _AGENT,
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": self._source,
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": _signature(body, secret),
            "X-WC-Webhook-ID": str(hook_id),
            "X-WC-Webhook-Delivery-ID": hashlib.sha256(second.encode()).hexdigest()[:32],
        }

    def _post(self, hook: Json, body: bytes) -> int:
        headers = self.headers(hook["topic"], body, self._secrets[hook["id"]], hook["id"])
        status = post(hook["delivery_url"], headers, body, _TIMEOUT, self.ca_file)
        with self._lock:
            self._count(self._hooks.get(hook["id"], {}), 200 <= status < 303)
        return status

    def _count(self, hook: Json, well: bool) -> None:
        """A success forgets all failures; the seventh failure in a row switches the webhook off and stays 6."""
        if well:
            hook["failure_count"] = 0
        elif hook.get("failure_count", 0) > _FAILURES_BORNE:
            hook["status"] = "disabled"
        else:
            hook["failure_count"] = hook.get("failure_count", 0) + 1

    def _ping(self, hook: Json) -> None:
        headers = {"User-Agent": _AGENT, "Content-Type": "application/x-www-form-urlencoded"}
        body = f"webhook_id={hook['id']}".encode()
        status = post(hook["delivery_url"], headers, body, _PING_TIMEOUT, self.ca_file)
        hook["pending_delivery"] = status != 200  # a 204 counts as no answer

    def _hook(self, hook_id: int) -> Json:
        if hook_id not in self._hooks:
            raise WpError(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return self._hooks[hook_id]


def post(url: str, headers: dict[str, str], body: bytes, timeout: float, ca_file: str | None = None) -> int:
    """The status of one POST, redirects not followed; 0 when nobody answered, or by a chain that is not trusted."""
    parts = urlsplit(url)
    place = (parts.hostname or "", parts.port)
    line = http.client.HTTPConnection(*place, timeout=timeout)
    if parts.scheme == "https":
        trusted = ssl.create_default_context(cafile=ca_file)
        line = http.client.HTTPSConnection(*place, timeout=timeout, context=trusted)
    try:
        line.request("POST", f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}", body, headers)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


def encode(value: Any) -> bytes:
    """JSON as PHP writes it: slashes and everything beyond ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def _signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
