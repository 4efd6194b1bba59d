"""What a shop says of itself, and what must hold before we can work with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from connectors.base import Check, StoreInfo
from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client, error_code
from integration.domain.errors import SinkError
from integration.domain.facts import Address


def describe(client: Client) -> StoreInfo:
    """Name, currency, zone, language and address; what the shop does not tell is empty."""
    front = client.front()
    status = client.get("system_status")
    settings = _settings(client)
    country, _, region = settings.get("woocommerce_default_country", "").partition(":")
    return StoreInfo(
        name=front.text("name"),
        currency=status.at("settings").text("currency") or settings.get("woocommerce_currency", ""),
        zone=_zone(front),
        locale=status.at("environment").text("language"),
        address=Address(
            company=front.text("name"),
            street=settings.get("woocommerce_store_address", ""),
            street2=settings.get("woocommerce_store_address_2", ""),
            city=settings.get("woocommerce_store_city", ""),
            region=region,
            postcode=settings.get("woocommerce_store_postcode", ""),
            country=country.upper(),
        ),
    )


def check(client: Client) -> list[Check]:
    """One look after the other; the first that fails is the last, since it makes the rest pointless.

    Codes: `woocommerce_address` (https), `_api`, `_keys`, `_home`, `_write`; `reason` is the code of an error or
    the API's own word, empty when all is well.
    """
    found: list[Check] = []
    for code, look in _LOOKS.items():
        try:
            found += look(client)
        except SinkError as error:
            found.append(_check(code, False, client, reason=error.code))
        if not found[-1].ok:
            break
    return found


def _check(code: str, ok: bool, client: Client, **params: str) -> Check:
    return Check(code, ok, {"address": client.root, "reason": "", **params})


def _address(client: Client) -> list[Check]:
    return [_check("woocommerce_address", client.may_carry_keys, client)]


def _api(client: Client) -> list[Check]:
    names = [entry.value for entry in client.front().each("namespaces")]
    return [_check("woocommerce_api", "wc/v3" in names, client, reason="" if "wc/v3" in names else "no_woocommerce")]


def _keys(client: Client) -> list[Check]:
    environment = client.get("system_status").at("environment")
    home = environment.text("home_url")
    return [
        _check("woocommerce_keys", True, client, version=environment.text("version")[:40]),
        _check("woocommerce_home", _host(home) == _host(client.root), client, home=home[:200]),
    ]


def _write(client: Client) -> list[Check]:
    """A coupon without a code is never made, and a read-only key is told so before the code is missed."""
    said = error_code(client.call("POST", "coupons", json={"amount": "0"}))
    ok = said == "rest_missing_callback_param"
    return [_check("woocommerce_write", ok, client, reason="" if ok else said)]


_LOOKS: dict[str, Callable[[Client], list[Check]]] = {
    "woocommerce_address": _address,
    "woocommerce_api": _api,
    "woocommerce_keys": _keys,
    "woocommerce_write": _write,
}


def _settings(client: Client) -> dict[str, str]:
    """`/settings/general` by id; a key may lack the right to read it, and then the address is typed by hand."""
    try:
        entries = Payload({"settings": client.get("settings/general").value}).each("settings")
        return {entry.text("id"): value for entry in entries if isinstance(value := entry.at("value").value, str)}
    except SinkError:
        return {}


def _zone(front: Payload) -> str:
    """The IANA zone; a shop set to a bare offset has none, so whole hours become `Etc/GMT`, whose sign is reversed."""
    named = front.text("timezone_string")
    offset = str(front.at("gmt_offset").value)
    if named or not re.fullmatch(r"-?[0-9]{1,2}(\.0+)?", offset):
        return named
    hours = int(offset.partition(".")[0])
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
