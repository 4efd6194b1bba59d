"""What must hold between us and a shop, each thing that is wrong by its own name (facts 3.3, 8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from connectors.base import ADVICE, Check
from connectors.http import Response
from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client, error_code, host_of, read
from integration.domain.errors import BadPayload, Permanent, SinkError

Checks = Iterator[Check]

_CACHES = ("x-cache", "x-cache-status", "cf-cache-status", "x-litespeed-cache", "x-proxy-cache", "x-varnish-cache")
_TRACKING = {
    "woo-advanced-shipment-tracking": "Advanced Shipment Tracking",
    "ast-pro": "Advanced Shipment Tracking PRO",
    "woocommerce-shipment-tracking": "Shipment Tracking",
    "trackship-for-woocommerce": "TrackShip",
    "aftership-woocommerce-tracking": "AfterShip",
    "postventa": "Postventa",
}
# Their own data has no REST (facts 2.5), so all that can be told is that they are there.
_RETURNS = re.compile(r"warranty|advanced-refund|refund-and-exchange|return-and-exchange|returns-(for|and)|rma\b")


def greet(client: Client) -> list[Check]:
    """What can be told before we have keys: https, and whether there is a WooCommerce at all."""
    return _looked(client, {"store_https": _https, "store_api": _api})


def look(client: Client) -> list[Check]:
    """One look after the other; the first that fails is the last, since it makes the rest pointless.

    Codes: `store_https`, `store_api`, `store_keys`, `store_home`, `store_cache`, `store_write`, and, where there is
    something to tell, `store_keys_in_query`, `store_cron`, `store_tracking`, `store_returns`. A failed one has the
    `problem`, which is the code of an error or has words of its own, and that error's values.
    """
    return _looked(client, _LOOKS)


def _looked(client: Client, looks: dict[str, Callable[[Client], Checks]]) -> list[Check]:
    found: list[Check] = []
    for code, one in looks.items():
        try:
            found += one(client)
        except SinkError as error:
            values = {name: str(value) for name, value in error.params.items()}
            found.append(_check(code, error.code, client, **values))
        if any(not check.ok and check.feature != ADVICE for check in found):
            break
    return found


def _check(code: str, problem: str, client: Client, *, feature: str = "", **values: str) -> Check:
    return Check(code, not problem, {**values, "address": client.root, "problem": problem}, feature)


def _https(client: Client) -> Checks:
    yield _check("store_https", "" if client.may_carry_keys else "not_https", client)


def _api(client: Client) -> Checks:
    try:
        front = client.front()
    except Permanent as error:
        if error.code != "redirected":
            raise
        final = urljoin(f"{client.root}/", str(error.params["to"])).partition("/wp-json")[0].rstrip("/")
        yield _check("store_api", "redirected", client, to=final[:200], status=str(error.params["status"]))
        return
    except BadPayload:
        if not client.has_plain_permalinks():
            raise
        yield _check("store_api", "plain_permalinks", client)
        return
    names = [entry.value for entry in front.each("namespaces")]
    yield _check("store_api", "" if "wc/v3" in names else "no_woocommerce", client, name=front.text("name")[:80])


def _keys(client: Client) -> Checks:
    """What the shop says of itself to whoever has right keys: which shop it is, and what is switched on."""
    response = client.call("GET", "system_status")
    status = read(response)
    environment = status.at("environment")
    home = environment.text("home_url")
    yield _check("store_keys", "", client, version=environment.text("version")[:40])
    if client.takes_keys_in_query:
        yield _check("store_keys_in_query", "", client)
    same = host_of(home) == host_of(client.root)
    yield _check("store_home", "" if same else "other_shop", client, home=home[:200])
    yield from _cache(client, response)
    yield from _told(client, status)


def _cache(client: Client, answer: Response) -> Checks:
    """Whether somebody between us and the shop answers in its place, to us or even to strangers."""
    if _from_a_cache(answer):
        yield _check("store_cache", "cached", client)
    elif client.tells_strangers("system_status"):
        yield _check("store_cache", "leaked", client, feature=ADVICE)


def _from_a_cache(answer: Response) -> bool:
    age = answer.headers.get("age", "0")
    hit = any(answer.headers.get(name, "").lower().startswith("hit") for name in _CACHES)
    return hit or (age.isdecimal() and int(age) > 0)


def _told(client: Client, status: Payload) -> Checks:
    if status.at("environment").at("wp_cron").value is False:
        yield _check("store_cron", "switched_off", client, feature=ADVICE)
    for plugin in status.each("active_plugins"):
        folder, name = plugin.text("plugin").partition("/")[0].lower(), plugin.text("name")[:60]
        if folder in _TRACKING:
            yield _check("store_tracking", "", client, plugin=_TRACKING[folder])
        elif _RETURNS.search(folder):
            yield _check("store_returns", "second", client, feature=ADVICE, plugin=name or folder[:60])


def _write(client: Client) -> Checks:
    """A coupon without a code is never made, and a read-only key is told so before the code is missed."""
    response = client.call("POST", "coupons", json={"amount": "0"})
    said = error_code(response)
    problem = "firewall" if response.status == 403 and not said else "read_only_key"
    yield _check("store_write", "" if said == "rest_missing_callback_param" else problem, client, said=said)


_LOOKS: dict[str, Callable[[Client], Checks]] = {
    "store_https": _https,
    "store_api": _api,
    "store_keys": _keys,
    "store_write": _write,
}
