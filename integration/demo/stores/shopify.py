"""A Shopify store over real HTTP: tokens, the Admin GraphQL API on the official schema, signed webhooks."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, execute_sync, parse, validate
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from connectors.signing import sign
from integration.clock import system_clock
from integration.demo.stores import shopify_data as data
from integration.demo.stores.shopify_codes import Codes
from integration.demo.stores.shopify_data import Json
from integration.demo.stores.shopify_graphql import SUPPORTED, Shop, schema
from integration.demo.stores.shopify_limits import Bucket, cost

API_VERSION = "2026-10"
TOKEN_LIFE = timedelta(seconds=86399)
_UNKNOWN_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105 - a text


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: the caller knows what it asked."""


class ShopifyStore:
    """One shop with one custom app; `start` serves it on loopback and gives its base URL (`api_base`).

    `token` is a pasted token of the old kind. For tests: `answers` are sent instead of the next ones,
    `loses_next_answer` does what is asked and answers 504, `permits_exchange` is whether the shop belongs to the
    app's organisation; see also `shop.scopes`, `shop.withholds_personal_data`, `codes.forgets_customers` and `bucket`.
    """

    def __init__(
        self,
        domain: str = "mia.myshopify.com",
        client_id: str = "mias-app",
        client_secret: str = "mias-secret",  # noqa: S107 - of the demo, on loopback
        token: str = "",
        now: Callable[[], datetime] = system_clock,
    ) -> None:
        self.domain = domain
        self.client_id = client_id
        self.client_secret = client_secret
        self.now = now
        self.codes = Codes("EUR", lambda: {buyer["admin_graphql_api_id"] for buyer in self.shop.customers().values()})
        self.shop = Shop(domain, self.codes, now)
        self.bucket = Bucket(now)
        self.answers: deque[Response] = deque()
        self.loses_next_answer = False
        self.permits_exchange = True
        self.asked: list[str] = []
        self._schema = schema()
        self._tokens: dict[str, datetime | None] = {token: None} if token else {}
        self._next_id = data.FIRST_ID
        self._lock = threading.Lock()
        self._server: BaseWSGIServer | None = None

    # -- running ----------------------------------------------------------------------------------

    def start(self, port: int = 0) -> str:
        """Serve on 127.0.0.1; the base URL."""
        self._server = make_server("127.0.0.1", port, self.app(), threaded=True, request_handler=_Quiet)
        # It looks every so often whether it shall stop; half a second, the default, makes every stop slow.
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True, name="shopify-store").start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def app(self) -> Flask:
        """The WSGI application."""
        app = Flask("shopify-store")
        app.post("/admin/oauth/access_token")(self._exchange)
        app.post("/admin/api/<version>/graphql.json")(self._graphql)
        app.before_request(lambda: self.answers.popleft() if self.answers else None)
        return app

    # -- what happens in the shop -------------------------------------------------------------------

    def add_order(self, first_name: str = "Sam", **overrides: Any) -> Json:
        """A paid order as `orders/create` tells it; `overrides` replace members (`email` also the buyer's).

        Whoever bought with this address before keeps the name she had.
        """
        with self._lock:
            buyer = self._buyer(overrides.get("email") or "sam@example.com", first_name)
            order = data.order(self._new_id(10), len(self.shop.orders) + 1, self.now(), buyer) | overrides
            order["contact_email"] = order["email"]
            self.shop.orders[order["id"]] = order
        for entry in order["discount_codes"]:
            self.codes.redeem(entry["code"])
        return order

    def ship(self, order_id: int, *, carrier: str = "Correos", tracking: str = "", last: bool = True) -> Json:
        """Send a parcel; the body of `fulfillments/create`. `last` is whether nothing is left to send."""
        order = self.shop.orders[order_id]
        number = self._new_id()
        parcel = data.fulfillment(number, order, self.now(), carrier, tracking or f"PK{number % 10**9:09}ES")
        order["fulfillments"].append(parcel)
        order["fulfillment_status"] = "fulfilled" if last else "partial"
        order["updated_at"] = data.written(self.now())
        return parcel

    def event(self, order_id: int, status: str, parcel_id: int | None = None) -> Json:
        """The carrier says something of a parcel (the last one sent); the body of `fulfillment_events/create`."""
        parcels = self.shop.orders[order_id]["fulfillments"]
        parcel = next((known for known in parcels if known["id"] == parcel_id), parcels[-1])
        parcel["shipment_status"] = status
        parcel["updated_at"] = data.written(self.now())
        if status == "delivered":
            self.shop.delivered_at[parcel["id"]] = data.written(self.now())
        return data.event(self._new_id(), parcel, status, self.now())

    def delivered_event(self, order_id: int, parcel_id: int | None = None) -> Json:
        """The parcel arrives."""
        return self.event(order_id, "delivered", parcel_id)

    def discounts(self) -> list[Json]:
        """Every code that there is, see `Codes.all`."""
        return self.codes.all()

    def subscribe(self, *topics: str, version: str = API_VERSION) -> None:
        """Webhook subscriptions as if made by the API, sending nowhere."""
        for topic in topics:
            self.shop.hooks.add(topic.upper().replace("/", "_"), "https://elsewhere.example/", version)

    def expire_tokens(self) -> None:
        """All exchanged tokens end now."""
        self._tokens = {token: end for token, end in self._tokens.items() if end is None}

    # -- webhooks ---------------------------------------------------------------------------------

    def signed_webhook(self, topic: str, payload: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body as Shopify sends them; the body is escaped so that only the raw bytes verify."""
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        body = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").encode()
        return {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": sign(body, self.client_secret),
            "X-Shopify-Shop-Domain": self.domain,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Event-Id": str(uuid.uuid4()),
            "X-Shopify-Triggered-At": self.now().isoformat(),
        }, body

    def deliver(self, url: str, topic: str, payload: Any) -> int:
        """Send a webhook; the status of the answer."""
        return send(url, *self.signed_webhook(topic, payload))

    # -- answering --------------------------------------------------------------------------------

    def _exchange(self) -> Response:
        asked = request.get_json(silent=True) or {}
        self.asked.append("token")
        if asked.get("grant_type") != "client_credentials":
            return _json({"error": "invalid_request"}, 400)
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, self.client_secret):
            return _json({"error": "invalid_client"}, 400)
        if not self.permits_exchange:
            said = "Client credentials cannot be performed on this shop."
            return _json({"error": "shop_not_permitted", "error_description": said}, 400)
        token = f"shpat_{secrets.token_hex(16)}"
        self._tokens[token] = self.now() + TOKEN_LIFE
        scope = ",".join(sorted(self.shop.scopes))
        return _json({"access_token": token, "scope": scope, "expires_in": int(TOKEN_LIFE.total_seconds())})

    def _graphql(self, version: str) -> Response:
        token = request.headers.get("X-Shopify-Access-Token", "")
        end = self._tokens.get(token, self.now())
        if end is not None and end <= self.now():
            return _json({"errors": _UNKNOWN_TOKEN}, 401)
        asked = request.get_json(silent=True) or {}
        with self._lock:
            answer = self._run(asked.get("query", ""), asked.get("variables") or {})
        if self.loses_next_answer:
            self.loses_next_answer = False
            return Response("upstream timed out", 504)
        # A version that is no longer supported falls forward to the oldest one, without a word.
        return _json(answer, version=version if version in SUPPORTED else SUPPORTED[0])

    def _run(self, query: str, variables: Mapping[str, Any]) -> Json:
        document, wrong = read(query)
        if document is None:
            return {"errors": wrong}
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self.asked += [node.name.value for node in operations if node.name]
        requested = cost(document)
        if not self.bucket.take(requested):
            throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [throttled], "extensions": {"cost": self.bucket.status(requested, None)}}
        result = execute_sync(self._schema, document, self.shop.root(), variable_values=dict(variables))
        return _formatted(result) | {"extensions": {"cost": self.bucket.status(requested, requested)}}

    def _buyer(self, email: str, first_name: str) -> Json:
        known = self.shop.customers().get(email.lower())
        return known or data.customer(self._new_id(), email, first_name, "Shopper")

    def _new_id(self, room: int = 1) -> int:
        number = self._next_id
        self._next_id += room
        return number


@lru_cache(64)
def read(query: str) -> tuple[DocumentNode | None, list[Any]]:
    """A document that the schema allows, or what is wrong with it; the same text is looked at once."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error.formatted]
    wrong = [error.formatted for error in validate(schema(), document)]
    return (None if wrong else document), wrong


def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """POST as Shopify does: five seconds in all, no redirects; the status."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("POST", parts.path or "/", body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _formatted(result: ExecutionResult) -> Json:
    errors = [error.formatted for error in result.errors or ()]
    refused = errors and not any("path" in error for error in errors)  # wrong variables: nothing was run
    return ({} if refused else {"data": result.data}) | ({"errors": errors} if errors else {})


def _json(value: Any, status: int = 200, version: str = API_VERSION) -> Response:
    headers = {"X-Shopify-API-Version": version}
    return Response(json.dumps(value, ensure_ascii=False), status, headers, mimetype="application/json")
