"""A store in a folder: orders and codes are JSON files, webhooks are signed like everybody's, nothing is called."""

from __future__ import annotations

from connectors.stores.demo.connector import Demo

CONNECTOR = Demo
