"""Queries by noun; every one of a shop's rows takes the shop (D10)."""
