"""What the tests of reading do to the store behind a house, on either platform, without telling us by webhook."""

from __future__ import annotations

from typing import Any

from integration.demo.stores.shopify import ShopifyStore
from integration.demo.stores.woocommerce import WooCommerceStore
from integration.flows import reconcile
from integration.flows.reconcile import Look
from tests.flows.house import House


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
