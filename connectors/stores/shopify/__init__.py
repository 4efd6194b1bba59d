"""Shopify: webhooks in, Admin GraphQL out."""
