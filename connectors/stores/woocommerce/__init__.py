"""WooCommerce: webhooks in, REST v3 out."""

from __future__ import annotations

from connectors.stores.woocommerce.connector import WooCommerce

CONNECTOR = WooCommerce
