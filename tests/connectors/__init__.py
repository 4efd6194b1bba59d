"""Connectors, one suite per platform and one for all of them."""
