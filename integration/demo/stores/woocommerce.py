"""A WooCommerce store over real HTTP that behaves as version 10.5 does, its traps included."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from threading import Thread
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from integration.clock import Clock
from integration.demo.stores.woocommerce_auth import PATH as AUTH
from integration.demo.stores.woocommerce_auth import Approvals
from integration.demo.stores.woocommerce_fields import WpError
from integration.demo.stores.woocommerce_hooks import Hooks, encode
from integration.demo.stores.woocommerce_shop import Shop, page

Json = dict[str, Any]

_API = "/wp-json/wc/v3/"
_HOME = "<!doctype html><title>Tienda de Mia</title><h1>Tienda de Mia</h1>"


class WooCommerceStore:
    """One shop on 127.0.0.1. `permissions` is the key's scope; `strips_authorization` plays a host that eats it.

    `plain_permalinks` has it know its API under `/?rest_route=` alone, `plugins` are the active ones as folder/file,
    and without `wp_cron` the settings switch off what sends webhooks.
    """

    def __init__(
        self,
        consumer_key: str,
        consumer_secret: str,
        now: Clock,
        *,
        zone: str = "Europe/Madrid",
        currency: str = "EUR",
        permissions: str = "read_write",
        strips_authorization: bool = False,
        port: int = 0,
    ) -> None:
        self.shop = Shop(consumer_key, consumer_secret, now, zone=zone, currency=currency, permissions=permissions)
        self.strips_authorization = strips_authorization
        self.plain_permalinks = False
        self.plugins: list[str] = []
        self.wp_cron = True
        self.requests: list[str] = []
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.home_url = self.url
        self.hooks = Hooks(f"{self.url}/", now)
        self.approvals = Approvals(self.url, self.shop.grant, self.shop.revoke)

    def start(self) -> str:
        """Serve from now on; the shop's URL."""
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop serving and give the port back."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    # -- what the merchant and her shoppers do ------------------------------------------------------

    def add_order(self, **overrides: Any) -> Json:
        """A paid order of Sam; see `Shop.add_order`."""
        return self.shop.add_order(**overrides)

    def set_status(self, order_id: int, status: str) -> Json:
        """Move an order to a status; announces nothing, see `deliver`."""
        return self.shop.set_status(order_id, status)

    def coupons(self) -> list[Json]:
        """All coupons that can be used, however many pages the API would make of them."""
        found, total = self.shop.list_coupons({"per_page": "100"})
        while len(found) < total:
            found += self.shop.list_coupons({"per_page": "100", "page": str(len(found) // 100 + 1)})[0]
        return found

    def register_webhook(self, url: str, topics: Sequence[str], secret: str) -> list[int]:
        """One webhook per topic, as an owner would add them by hand; their ids."""
        asked = [{"topic": topic, "delivery_url": url, "secret": secret} for topic in topics]
        return [self.hooks.create(self.shop.new_id(), hook)["id"] for hook in asked]

    def signed_webhook(self, order_id: int, topic: str, secret: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a delivery about this order as it is now."""
        body = encode(self._payload(order_id, topic))
        return self.hooks.headers(topic, body, secret, 1), body

    def deliver(self, order_id: int, topic: str) -> list[int]:
        """POST the order as it is now to every active webhook of the topic; the statuses that came back."""
        return self.hooks.deliver(topic, encode(self._payload(order_id, topic)))

    def _payload(self, order_id: int, topic: str) -> Json:
        if topic.startswith("action."):
            return {"action": topic.removeprefix("action."), "arg": order_id}
        return {"id": order_id} if topic == "order.deleted" else self.shop.order(order_id)

    # -- HTTP ---------------------------------------------------------------------------------------

    def _answer(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        self.requests.append(f"{request.method} {request.path}")
        try:
            response = self._route(request)
        except WpError as error:
            response = _json(error.body, error.status)
        except BadRequest:
            response = _json({"code": "rest_invalid_json", "message": "Invalid JSON body passed."}, 400)
        return response(environ, start_response)

    def _route(self, request: Request) -> Response:
        path = self._path(request)
        if path.startswith(AUTH):
            return self.approvals.answer(request, path.removeprefix(AUTH))
        if path.rstrip("/") == "/wp-json":
            return _json(_front(self))
        if not path.startswith("/wp-json/"):
            return Response(_HOME, 200 if path == "/" else 404, content_type="text/html; charset=UTF-8")
        for method, shape, handle in _ROUTES:
            found = shape.fullmatch(path.removeprefix(_API))
            if found and method == request.method:
                self.shop.let_in(method, *self._keys(request))
                return handle(self, request, *map(int, found.groups()))
        raise WpError(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _path(self, request: Request) -> str:
        """With plain permalinks every pretty address shows the home page, and keys count under none but a pretty one.

        Either way `/index.php/wp-json/` works (facts 1.10), and `/?wc-auth-route=` (facts 3.2).
        """
        asked = request.path
        if asked == "/" and request.args.get("wc-auth-route"):
            return f"{AUTH}{request.args['wc-auth-route']}"
        if asked == "/" and request.args.get("rest_route", "") == "/":
            return "/wp-json/"
        pretty = asked.startswith(("/wp-json", AUTH))
        return "/" if self.plain_permalinks and pretty else asked.removeprefix("/index.php")

    def _keys(self, request: Request) -> tuple[str, str]:
        """From the header or the query. A real store takes neither over plain http; this one is on loopback."""
        sent = None if self.strips_authorization else request.authorization
        if sent and sent.type == "basic":
            return sent.username or "", sent.password or ""
        return request.args.get("consumer_key", ""), request.args.get("consumer_secret", "")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """A demo's terminal is for the demo."""


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, content_type="application/json; charset=UTF-8")


def _listed(request: Request, found: tuple[list[Json], int]) -> Response:
    rows, total = found
    pages = math.ceil(total / int(request.args.get("per_page", 10)))
    page = int(request.args.get("page", 1))
    links = [(page - 1, "prev")] * (page > 1) + [(page + 1, "next")] * (page < pages)
    response = _json(rows)
    response.headers["X-WP-Total"] = str(total)
    response.headers["X-WP-TotalPages"] = str(pages)
    for number, kind in links:
        response.headers.add("Link", f'<{request.base_url}?page={number}>; rel="{kind}"')
    return response


def _asked(request: Request) -> Json:
    asked = request.get_json(force=True)
    return asked if isinstance(asked, dict) else {}


def _forced(request: Request) -> bool:
    return request.args.get("force") in ("true", "1")


def _front(store: WooCommerceStore) -> Json:
    zone = store.shop.zone.key
    named = {"name": "Tienda de Mia", "description": "", "url": store.home_url, "home": store.home_url}
    return named | {"gmt_offset": 1, "timezone_string": zone, "namespaces": ["oembed/1.0", "wc/v3", "wp/v2"]}


def _system_status(store: WooCommerceStore) -> Json:
    return {
        "environment": {
            "home_url": store.home_url,
            "site_url": store.home_url,
            "version": "10.5.0",
            "wp_version": "6.8.7",
            "language": "es_ES",
            "wp_cron": store.wp_cron,
        },
        "active_plugins": [{"plugin": file, "name": file.partition("/")[0]} for file in store.plugins],
        "settings": {"currency": store.shop.currency, "HPOS_enabled": True, "api_enabled": False},
    }


def _general_settings(store: WooCommerceStore) -> list[Json]:
    values = {
        "woocommerce_store_address": "Calle Mayor 1",
        "woocommerce_store_address_2": "",
        "woocommerce_store_city": "Madrid",
        "woocommerce_default_country": "ES:M",
        "woocommerce_store_postcode": "28013",
        "woocommerce_currency": store.shop.currency,
    }
    return [{"id": name, "value": value} for name, value in values.items()]


_ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
    (method, re.compile(shape), handle)
    for method, shape, handle in (
        ("GET", r"orders", lambda s, r: _listed(r, s.shop.list_orders(r.args))),
        ("GET", r"orders/(\d+)", lambda s, _r, n: _json(s.shop.order(n))),
        ("PUT", r"orders/(\d+)", lambda s, r, n: _json(s.shop.change_order(n, _asked(r)))),
        ("DELETE", r"orders/(\d+)", lambda s, r, n: _json(s.shop.delete_order(n, _forced(r)))),
        ("GET", r"orders/(\d+)/notes", lambda s, _r, n: _json(s.shop.list_notes(n))),
        ("POST", r"orders/(\d+)/notes", lambda s, r, n: _json(s.shop.add_note(n, _asked(r)), 201)),
        ("GET", r"reports/orders/totals", lambda s, _r: _json(s.shop.totals())),
        ("GET", r"coupons", lambda s, r: _listed(r, s.shop.list_coupons(r.args))),
        ("POST", r"coupons", lambda s, r: _json(s.shop.create_coupon(_asked(r)), 201)),
        ("GET", r"coupons/(\d+)", lambda s, _r, n: _json(s.shop.coupon(n))),
        ("PUT", r"coupons/(\d+)", lambda s, r, n: _json(s.shop.change_coupon(n, _asked(r)))),
        ("DELETE", r"coupons/(\d+)", lambda s, r, n: _json(s.shop.delete_coupon(n, _forced(r)))),
        ("GET", r"webhooks", lambda s, r: _listed(r, page(s.hooks.all(), r.args))),
        ("POST", r"webhooks", lambda s, r: _json(s.hooks.create(s.shop.new_id(), _asked(r)), 201)),
        ("GET", r"webhooks/(\d+)", lambda s, _r, n: _json(s.hooks.one(n))),
        ("PUT", r"webhooks/(\d+)", lambda s, r, n: _json(s.hooks.change(n, _asked(r)))),
        ("DELETE", r"webhooks/(\d+)", lambda s, _r, n: _json(s.hooks.delete(n))),
        ("GET", r"system_status", lambda s, _r: _json(_system_status(s))),
        ("GET", r"settings/general", lambda s, _r: _json(_general_settings(s))),
    )
]
