"""Postventa: what happens after an order was delivered."""

__version__ = "0.1.0"
