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

    Codes: `store_https`, `store_api`, `store_keys`, `store_home`, `store_write`; a failed one has the `problem`,
    which is the code of an error, and that error's values.
    """
    found: list[Check] = []
    for code, look in _LOOKS.items():
        try:
            found += look(client)
        except SinkError as error:
            values = {name: str(value) for name, value in error.params.items()}
            found.append(_check(code, error.code, client, **values))
        if not found[-1].ok:
            break
    return found


def _check(code: str, problem: str, client: Client, **values: str) -> Check:
    return Check(code, not problem, {**values, "address": client.root, "problem": problem})


def _https(client: Client) -> list[Check]:
    return [_check("store_https", "" if client.may_carry_keys else "not_https", client)]


def _api(client: Client) -> list[Check]:
    names = [entry.value for entry in client.front().each("namespaces")]
    return [_check("store_api", "" if "wc/v3" in names else "no_woocommerce", client)]


def _keys(client: Client) -> list[Check]:
    environment = client.get("system_status").at("environment")
    home = environment.text("home_url")
    problem = "" if _host(home) == _host(client.root) else "other_shop"
    return [
        _check("store_keys", "", client, version=environment.text("version")[:40]),
        _check("store_home", problem, client, home=home[:200]),
    ]


def _write(client: Client) -> list[Check]:
    """A coupon without a code is never made, and a read-only key is told so before the code is missed."""
    said = error_code(client.call("POST", "coupons", json={"amount": "0"}))
    return [_check("store_write", "" if said == "rest_missing_callback_param" else "read_only_key", client, said=said)]


_LOOKS: dict[str, Callable[[Client], list[Check]]] = {
    "store_https": _https,
    "store_api": _api,
    "store_keys": _keys,
    "store_write": _write,
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
