"""What a shop says of itself."""

from __future__ import annotations

import re

from connectors.base import StoreInfo
from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client, host_of
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
        home=_home(client, status.at("environment").text("home_url")),
    )


def _home(client: Client, told: str) -> str:
    """The shop's address as we call it, unless it takes another host for its own; `www.` is no other host."""
    return client.root if not told or host_of(told) == host_of(client.root) else told.rstrip("/")[:200]


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
