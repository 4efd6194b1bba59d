"""What the tests of reading do to the store behind a house, on either platform, without telling us by webhook."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from connectors.http import Http, HttpLimits
from integration.db.queries import shops as shop_rows
from integration.demo.stores.shopify import ShopifyStore
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import reconcile
from integration.flows.reconcile import Look
from tests.flows.house import House
from tests.stores.faults import Faults


def store(house: House) -> Any:
    """The store server."""
    found: WooCommerceStore | ShopifyStore = house.side.store  # type: ignore[attr-defined]
    return found


def roomy(house: House) -> None:
    """The clock of a test stands still, so Shopify's bucket would never fill again."""
    store(house).bucket.maximum = store(house).bucket.available = 10**9


def look(house: House) -> Look:
    """A look at the shop, whether it is due or not, and however much it costs."""
    if isinstance(store(house), ShopifyStore):
        roomy(house)
    found = reconcile.look(house.services, house.shop_id, now_anyhow=True)
    assert found is not None
    return found


def arrived_untold(house: House, **buyer: str) -> str:
    """An order was sold, sent and delivered, and no webhook told us; the store's id of it."""
    ref = house.side.sell(**buyer)
    house.side.arrive(ref)
    return ref


def refuse(house: House, *, refused: bool = True) -> None:
    """The store takes our keys for nobody's, or for ours again."""
    if isinstance(store(house), WooCommerceStore):
        store(house).shop.keys = ("ck_other" if refused else "ck_demo", "cs_demo")
    else:
        store(house).client_secret = "other" if refused else "mias-secret"
        store(house).expire_tokens()


def behind(house: House, between: Faults, *, patience: float = 10) -> None:
    """From now on our calls to the store pass through `between`; `patience` in seconds is for a store that hangs."""
    limits = HttpLimits(allow_private_hosts=True, connect_timeout=patience, read_timeout=patience)
    house.services = dataclasses.replace(house.services, http=Http(limits))
    with house.services.db.writing() as session:
        shop = house.shop(session)
        held = session.merge(shop_rows.connection_of(session, shop))
        credentials = json.loads(house.services.vault.open(held.sealed_credentials))
        if "api_base" in credentials:
            held.sealed_credentials = house.services.vault.seal(json.dumps(credentials | {"api_base": between.url}))
        else:
            shop.address = between.url


def upstream(house: House) -> str:
    """Where the store answers."""
    found = store(house)
    return str(getattr(found, "url", "") or f"http://127.0.0.1:{found._server.server_port}")
