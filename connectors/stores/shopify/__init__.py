"""Shopify: webhooks in, Admin GraphQL out."""

from connectors.stores.shopify.connector import Shopify

CONNECTOR = Shopify
